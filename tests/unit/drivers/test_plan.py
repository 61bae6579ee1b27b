from hypothesis import given
from hypothesis import strategies as st

from drivers.sunspec.discovery import Header
from drivers.sunspec.plan import Span, spans, words_of

LENGTHS = {103: 50, 122: 44, 123: 24, 124: 24, 160: 248, 203: 105}


def test_adjacent_models_are_read_together_and_distant_ones_apart():
    near = [Header(122, 40122, 44), Header(123, 40168, 24), Header(124, 40194, 24)]
    assert spans([Header(103, 40070, 50), *near]) == (Span(40070, 124), Span(40194, 26))
    assert spans([Header(103, 40070, 50), Header(123, 40200, 24)]) == (
        Span(40070, 52),
        Span(40200, 26),
    )


def test_a_model_longer_than_a_request_is_cut_between_points():
    assert spans([Header(160, 1000, 248)]) == (Span(1000, 124), Span(1124, 124), Span(1248, 2))


@given(
    models=st.lists(st.sampled_from(sorted(LENGTHS)), unique=True, min_size=1),
    gaps=st.lists(st.integers(0, 80), min_size=6, max_size=6),
)
def test_every_model_is_read_once_in_requests_of_at_most_125(models, gaps):
    headers, address = [], 40002
    for model, gap in zip(models, gaps, strict=False):
        headers.append(Header(model, address + gap, LENGTHS[model]))
        address = headers[-1].end
    planned = spans(headers)
    blocks = {span.address: range(span.address, span.address + span.count) for span in planned}
    assert all(span.count <= 125 for span in planned)
    for header in headers:
        assert words_of(header, blocks) == tuple(range(header.address, header.end))


def test_a_model_whose_block_was_not_read_has_no_words():
    assert words_of(Header(160, 1000, 248), {1000: range(120)}) is None
