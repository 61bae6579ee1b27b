"""Every mistake is named with its file, line, column, key, what was found and what is allowed."""

import pytest

from gateway.config import load

ROOF = "roof: {driver: sunspec, connection: 'tcp://h', role: solar"

SHARED = (
    "devices:\n  roof: {{driver: sunspec, connection: 'tcp://h?unit=3', role: solar}}\n"
    "share:\n  roof: {}\n"
)

METERS = (
    "devices:\n  roof: {{driver: sunspec, connection: 'tcp://h?unit=3', role: solar}}\n"
    "  g: {{driver: sunspec, connection: 'tcp://h?unit=4', role: grid, sign: import}}\n"
    "  m: {{driver: sunspec, connection: 'tcp://h?unit=5', role: meter, sign: import}}\n"
    "parties: {{{}}}\n"
)

BROKEN = {
    "unknown key at the top": (
        "area: home\nbroekr: {}\n",
        (
            "site.yaml:2:1: broekr: found an unknown key, allowed: aggregate, area, broker, "
            "caldav, calendar, control, currency, "
            "devices, dispatch, enrollment, grid, home_assistant, interties, journal, ledger, "
            "location, log, metrics, "
            "parties, "
            "products, registration, share, silence, state_dir, timezone; "
            "did you mean 'broker'?"
        ),
    ),
    "unknown key in a section": (
        "log:\n  levle: info\n",
        (
            "site.yaml:2:3: log.levle: found an unknown key, allowed: format, level; "
            "did you mean 'level'?"
        ),
    ),
    "duplicate key": (
        "area: home\nlog: {}\narea: garden\n",
        (
            "site.yaml:3:1: area: found the key a second time (first in line 1), "
            "allowed: each key once"
        ),
    ),
    "two devices of one id": (
        "devices:\n  a: {}\n  a: {}\n",
        (
            "site.yaml:2:3: devices.a.driver: found nothing, "
            "allowed: the driver package that speaks with the device"
        ),
        (
            "site.yaml:2:3: devices.a.connection: found nothing, "
            "allowed: tcp://HOST:PORT?unit=N, or rtu+tcp://, tls://, rtu:///dev/PORT; "
            "port 502 and unit 1 may be left out"
        ),
        "site.yaml:2:3: devices.a.role: found nothing, allowed: the part it plays in the area",
        (
            "site.yaml:3:3: devices.a: found the key a second time (first in line 2), "
            "allowed: each key once"
        ),
    ),
    "not a mapping": (
        "- a\n- b\n",
        "site.yaml:1:1: found a list, allowed: a mapping with keys such as area, devices and grid",
    ),
    "discovery prefix with a wildcard": (
        "home_assistant: {prefix: 'home/#'}\n",
        (
            "site.yaml:1:26: home_assistant.prefix: found 'home/#', "
            "allowed: a topic without wildcards"
        ),
    ),
    "section that is no mapping": (
        "grid: 17000\n",
        (
            "site.yaml:1:7: grid: found 17000, allowed: a mapping with the keys export_limit_w, "
            "export_price, import_limit_w, import_price"
        ),
    ),
    "devices as a list": (
        "devices: [roof]\n",
        "site.yaml:1:10: devices: found a list, allowed: a mapping of ids",
    ),
    "a device that is no mapping": (
        "devices:\n  roof: tcp://h\n",
        (
            "site.yaml:2:9: devices.roof: found 'tcp://h', allowed: a mapping with the keys "
            "agent, available, capacity_wh, charger, comfort, connection, contest, driver, "
            "fallback, gives_up_at, limits, marginal_cost, no_timer, poll, price_cap, priority, "
            "programme, role, round_trip, start_cost, strategy, tender, timeout, water, wear, "
            "wish, writes"
        ),
    ),
    "bare number as duration": (
        "dispatch: {settle: 2}\n",
        (
            "site.yaml:1:20: dispatch.settle: found 2, allowed: a duration such as 500ms, "
            "10s, 15min "
            "or 1h; a bare number has no unit: did you mean '2s'?"
        ),
    ),
    "m as minutes": (
        "dispatch: {settle: 2m}\n",
        (
            "site.yaml:1:20: dispatch.settle: found '2m', allowed: a duration such as 500ms, 10s, "
            "15min or 1h; did you mean '2min'?"
        ),
    ),
    "yes as a truth value": (
        "broker:\n  guest: yes\n",
        "site.yaml:2:10: broker.guest: found 'yes', allowed: true or false; write true",
    ),
    "minutes and seconds as a number": (
        "grid: {import_limit_w: 1:30}\n",
        "site.yaml:1:24: grid.import_limit_w: found '1:30', allowed: a number in W, at least 0",
    ),
    "leading zero": (
        "broker: {listen: {port: 01883}}\n",
        (
            "site.yaml:1:25: broker.listen.port: found '01883', allowed: a whole number from 0 to "
            "65535; write 1883, without quotes, leading zeros, commas or underscores"
        ),
    ),
    "decimal comma": (
        "dispatch: {deviation_w: '0,5'}\n",
        (
            "site.yaml:1:25: dispatch.deviation_w: found '0,5', allowed: a number in W, "
            "at least 0; "
            "write 0.5, without quotes, leading zeros, commas or underscores"
        ),
    ),
    "a number where text belongs": (
        "broker: {username: 42}\n",
        (
            "site.yaml:1:20: broker.username: found 42, allowed: a user name; "
            "put it in quotes to make it text"
        ),
    ),
    "not a number": (
        "grid: {import_limit_w: .nan}\n",
        "site.yaml:1:24: grid.import_limit_w: found '.nan', allowed: a number in W, at least 0",
    ),
    "infinite by exponent": (
        "grid: {import_limit_w: 1e999}\n",
        "site.yaml:1:24: grid.import_limit_w: found inf, allowed: a number in W, at least 0",
    ),
    "control set to hands-off": (
        "control: hands-off\n",
        (
            "site.yaml:1:10: control: found 'hands-off', allowed: observe, advise, act; "
            "observe writes nothing; `gridtender hands-off` works at any time"
        ),
    ),
    "unknown time zone": (
        "timezone: Europe/Amsterdm\n",
        (
            "site.yaml:1:11: timezone: found 'Europe/Amsterdm', allowed: an IANA time zone such as "
            "Europe/Amsterdam; did you mean 'Europe/Amsterdam'?"
        ),
    ),
    "currency in small letters": (
        "currency: eur\n",
        "site.yaml:1:11: currency: found 'eur', allowed: three capital letters such as EUR",
    ),
    "reserved id": (
        "parties: {guest: {}}\n",
        "site.yaml:1:11: parties.guest: found the reserved id 'guest', allowed: an id of your own",
    ),
    "area in capitals": (
        "area: Our Home\n",
        (
            "site.yaml:1:7: area: found the id 'Our Home', allowed: 1 to 32 of a-z, 0-9, _ and -, "
            "beginning with a letter or digit; did you mean 'our-home'?"
        ),
    ),
    "device named as the area": (
        f"area: roof\ndevices:\n  {ROOF}}}\n",
        (
            "site.yaml:3:3: devices.roof: found the id 'roof', which is the area, "
            "allowed: an id that no device, product, party or area has"
        ),
    ),
    "device named as a product": (
        "devices: {power: {driver: sunspec, connection: 'tcp://h', role: solar}}\n",
        (
            "site.yaml:1:11: devices.power: found the id 'power', which is also in products, "
            "allowed: an id that no device, product, party or area has"
        ),
    ),
    "unknown driver": (
        "devices: {a: {driver: sunspce, connection: 'tcp://h', role: solar}}\n",
        (
            "site.yaml:1:23: devices.a.driver: found 'sunspce', allowed: modbus, sunspec, broken; "
            "did you mean 'sunspec'?"
        ),
    ),
    "driver that cannot be imported": (
        "devices: {a: {driver: broken, connection: 'tcp://h', role: solar}}\n",
        (
            "site.yaml:1:23: devices.a.driver: found 'broken', which cannot be loaded (No module "
            "named 'acme'), allowed: a driver whose package is complete"
        ),
    ),
    "unknown key of a device": (
        f"devices:\n  {ROOF}, sgin: import}}\n",
        (
            "site.yaml:2:63: devices.roof.sgin: found an unknown key, allowed: agent, available, "
            "capacity_wh, charger, comfort, connection, contest, driver, fallback, gives_up_at, "
            "limits, "
            "marginal_cost, no_timer, poll, price_cap, priority, programme, role, round_trip, "
            "sign, start_cost, strategy, tender, timeout, water, wear, wish, "
            "writes; did you mean 'sign'?"
        ),
    ),
    "strategy of a roof": (
        f"devices:\n  {ROOF}, strategy: plan}}\n",
        (
            "site.yaml:2:63: devices.roof.strategy: found a strategy on a device of role solar, "
            "allowed: role storage"
        ),
    ),
    "a start that costs of a roof": (
        f"devices:\n  {ROOF}, start_cost: 1}}\n",
        (
            "site.yaml:2:63: devices.roof.start_cost: found 1 on a device of role solar, "
            "allowed: role generator"
        ),
    ),
    "least power above the most": (
        (
            f"devices:\n  {ROOF.replace('solar', 'generator')}"
            ", limits: {min_w: 3000, max_w: 2000}}\n"
        ),
        (
            "site.yaml:2:83: devices.roof.limits.min_w: found 3000 with max_w 2000, allowed: at "
            "most max_w"
        ),
    ),
    "strategy that is none": (
        f"devices:\n  {ROOF.replace('solar', 'storage')}, strategy: planned}}\n",
        (
            "site.yaml:2:75: devices.roof.strategy: found 'planned', allowed: plan, "
            "self-consumption; did you mean 'plan'?"
        ),
    ),
    "strategy beside an agent": (
        f"devices:\n  {ROOF.replace('solar', 'storage')}, agent: acme, strategy: plan}}\n",
        (
            "site.yaml:2:78: devices.roof.strategy: found a strategy beside agent acme, allowed: "
            "one of both: an installed agent has its own"
        ),
    ),
    "a driver's own key": (
        f"devices:\n  {ROOF}, sign: north}}\n",
        "site.yaml:2:69: devices.roof.sign: found 'north', allowed: import, export",
    ),
    "both common and own keys of a device": (
        f"devices:\n  {ROOF}, sign: north, poll: 3}}\n",
        "site.yaml:2:69: devices.roof.sign: found 'north', allowed: import, export",
        (
            "site.yaml:2:82: devices.roof.poll: found 3, allowed: a duration such as 500ms, 10s, "
            "15min or 1h; a bare number has no unit: did you mean '3s'?"
        ),
    ),
    "line of a kind that is not installed": (
        "devices: {a: {driver: sunspec, connection: 'udp://192.168.1.20?unit=3', role: solar}}\n",
        (
            "site.yaml:1:44: devices.a.connection: found udp://, which is not supported by this "
            "installation, allowed: one of mem://, rtu://, rtu+tcp://, tcp://, tls://"
        ),
    ),
    "address without a scheme": (
        "devices: {a: {driver: sunspec, connection: 192.168.1.20, role: solar}}\n",
        (
            "site.yaml:1:44: devices.a.connection: found '192.168.1.20', allowed: "
            "tcp://HOST:PORT?unit=N, e.g. tcp://192.168.1.20:502?unit=1; "
            "did you mean 'tcp://192.168.1.20'?"
        ),
    ),
    "unit too large": (
        "devices: {a: {driver: sunspec, connection: 'tcp://h?unit=256', role: solar}}\n",
        "site.yaml:1:44: devices.a.connection: found unit 256, allowed: a unit from 0 to 255",
    ),
    "port too large": (
        "devices: {a: {driver: sunspec, connection: 'tcp://h:70000', role: solar}}\n",
        (
            "site.yaml:1:44: devices.a.connection: found 'tcp://h:70000' (Port out of "
            "range 0-65535),"
            " allowed: tcp://HOST:PORT?unit=N, e.g. tcp://192.168.1.20:502?unit=1"
        ),
    ),
    "level as a bare number": (
        f"devices:\n  {ROOF}, fallback: {{level: 0}}}}\n",
        (
            "site.yaml:2:81: devices.roof.fallback.level: found 0, allowed: own-rule or "
            "{limit_w: N} with N in W, at least 0; write {limit_w: 0}"
        ),
    ),
    "reserve above the upper bound": (
        (
            "devices:\n  b: {driver: sunspec, connection: 'tcp://h', role: storage,\n"
            "      limits: {min_soc_pct: 90, max_soc_pct: 80}}\n"
        ),
        (
            "site.yaml:3:29: devices.b.limits.min_soc_pct: found 90 with max_soc_pct 80, "
            "allowed: less than max_soc_pct"
        ),
    ),
    "a timer longer than the promise it keeps": (
        f"devices:\n  {ROOF}, fallback: {{after: 60s, timer: 80s}}}}\n",
        (
            "site.yaml:2:93: devices.roof.fallback.timer: found 80s with after 1min, allowed: at "
            "most after: the promise cannot be shorter than the timer that keeps it"
        ),
    ),
    "a budget of writes below nothing": (
        f"devices:\n  {ROOF}, writes: {{per_day: -1}}}}\n",
        (
            "site.yaml:2:81: devices.roof.writes.per_day: found -1, "
            "allowed: a whole number, at least 0"
        ),
    ),
    "a word for volatile": (
        f"devices:\n  {ROOF}, writes: {{volatile: yes}}}}\n",
        (
            "site.yaml:2:82: devices.roof.writes.volatile: found 'yes', allowed: true or false; "
            "write true"
        ),
    ),
    "a policy that nobody knows": (
        f"devices:\n  {ROOF}, contest: yeild}}\n",
        (
            "site.yaml:2:72: devices.roof.contest: found 'yeild', allowed: insist, yield; "
            "did you mean 'yield'?"
        ),
    ),
    "a storage's limit on solar": (
        f"devices:\n  {ROOF}, limits: {{charge_w: 100}}}}\n",
        (
            "site.yaml:2:72: devices.roof.limits.charge_w: found a limit of a storage on "
            "a device of "
            "role solar, allowed: max_w here; this one with role storage or ev"
        ),
    ),
    "two of one role at one place": (
        (
            f"devices:\n  {ROOF}}}\n  r2: {{driver: sunspec, connection: 'tcp://h:502?unit=1', "
            "role: solar}\n"
        ),
        (
            "site.yaml:3:37: devices.r2.connection: found 'tcp://h:502?unit=1', where roof has the "
            "same role, allowed: another connection, unit or role"
        ),
    ),
    "two grid meters": (
        (
            "devices:\n  m: {driver: sunspec, connection: 'tcp://a', role: grid}\n"
            "  n: {driver: sunspec, connection: 'tcp://b', role: grid}\n"
        ),
        (
            "site.yaml:3:53: devices.n.role: found a second grid meter besides m, "
            "allowed: one; others have role meter"
        ),
    ),
    "limits to keep without a meter": (
        "control: act\ngrid: {import_limit_w: 17000}\n",
        (
            "site.yaml:2:24: grid.import_limit_w: found 17000 without a healthy device of "
            "role grid "
            "while control is act, allowed: a limit with a grid meter, or control: "
            "observe or advise"
        ),
    ),
    "cap below floor": (
        "products: {power: {price_floor: 0.5, price_cap: 0.5}}\n",
        "site.yaml:1:49: products.power.price_cap: found 0.5, allowed: above price_floor 0.5",
    ),
    "cap off the tick": (
        "products: {power: {tick: 0.01, price_cap: 0.505}}\n",
        (
            "site.yaml:1:43: products.power.price_cap: found 0.505, "
            "allowed: a multiple of the tick 0.0100"
        ),
    ),
    "default floor off the tick": (
        "products: {power: {tick: 0.3, price_cap: 0.6}}\n",
        (
            "site.yaml:1:12: products.power.price_floor: found -1 (default), "
            "allowed: a multiple of the tick 0.3000"
        ),
    ),
    "tick finer than the scale": (
        "products: {power: {tick: 0.00005}}\n",
        (
            "site.yaml:1:26: products.power.tick: found 5e-05, "
            "allowed: a multiple of 0.0001 (price_scale -4)"
        ),
    ),
    "interval of a fraction of a second": (
        "products: {power: {interval: 1500ms}}\n",
        (
            "site.yaml:1:30: products.power.interval: found '1500ms', allowed: a duration in whole "
            "seconds such as 10s, 15min or 1h, at least 1s"
        ),
    ),
    "gate before the interval": (
        "products: {power: {interval: 5s}}\ndispatch: {gate_lead: 5s}\n",
        (
            "site.yaml:2:23: dispatch.gate_lead: found 5s, "
            "allowed: less than 5s, the interval of power"
        ),
    ),
    "no product of power": (
        "products: {water: {resource: WATER_FLOW}}\n",
        (
            "site.yaml:1:1: products: found no product of power, "
            "allowed: at least one product with resource POWER, for dispatch"
        ),
    ),
    "power in kW": (
        "products: {power: {unit: kW}}\n",
        (
            "site.yaml:1:26: products.power.unit: found 'kW', "
            "allowed: W, the unit of POWER; quantity_scale 3 counts kW"
        ),
    ),
    "forward interval that does not fit": (
        "products: {power: {interval: 10s}, ahead: {interval: 15s}}\n",
        (
            "site.yaml:1:54: products.ahead.interval: found 15s, "
            "allowed: a multiple of 10s, the interval of power"
        ),
    ),
    "rule about a term that nobody measures": (
        "products: {power: {rules: {minimum: {pricee: 1}}}}\n",
        (
            "site.yaml:1:37: products.power.rules.minimum: found the term pricee, allowed: bounds "
            "by term, out of price, quantity, expirationTime, minimumNotificationDuration, "
            "maximumNotificationDuration, minimumResponseDuration, maximumResponseDuration; "
            "did you mean 'price'?"
        ),
    ),
    "rule off the tick": (
        "products: {power: {tick: 0.01, rules: {maximum: {price: 0.005}}}}\n",
        (
            "site.yaml:1:49: products.power.rules.maximum: found 0.005, "
            "allowed: a multiple of 0.0100 for price"
        ),
    ),
    "offset beyond the interval": (
        "products: {power: {interval: 10s, offset: 10s}}\n",
        "site.yaml:1:43: products.power.offset: found 10s, allowed: less than 10s",
    ),
    "gate of the dispatched product before its interval": (
        "products: {power: {interval: 10s, gate_lead: 10s}}\n",
        (
            "site.yaml:1:46: products.power.gate_lead: found 10s, "
            "allowed: less than 10s, the interval of power"
        ),
    ),
    "instructions that nobody knows": (
        "products: {power: {execution_instructions: X}}\n",
        (
            "site.yaml:1:44: products.power.execution_instructions: found 'X', "
            "allowed: codes: G (all or none), 6 (only wait)"
        ),
    ),
    "warrant twice": (
        "products: {power: {warrants: [local, local]}}\n",
        (
            "site.yaml:1:30: products.power.warrants: found a list, allowed: a list of warrants "
            "such as renewable, local: up to 16 words of A-Z, a-z, 0-9, . _ ~ and -, each once"
        ),
    ),
    "what no product publishes": (
        "products: {power: {publish: [book, bok]}}\n",
        (
            "site.yaml:1:29: products.power.publish: found bok, "
            "allowed: some of book, session, ticks"
        ),
    ),
    "warrants without one price": (
        "products: {power: {}, heat: {resource: x-HEAT, mechanism: order-book, warrants: a}}\n",
        (
            "site.yaml:1:81: products.heat.warrants: found mechanism order-book, "
            "allowed: warrants with mechanism: uniform-price"
        ),
    ),
    "only to wait where nobody is met before the gate": (
        "products: {power: {execution_instructions: G6}}\n",
        (
            "site.yaml:1:44: products.power.execution_instructions: found 6 with mechanism "
            "uniform-price, allowed: 6 only where tenders are matched as they arrive (order-book)"
        ),
    ),
    "calendar as a price that is not there": (
        "grid: {import_price: {ics: tariff.ics}}\n",
        (
            "tariff.ics: grid.import_price: found no readable file (No such file or directory), "
            "allowed: a calendar with a price per event (X-RMF-PRICE, or a number in SUMMARY)"
        ),
    ),
    "calendar as a price with a default that is none": (
        "grid: {import_price: {ics: tariff.ics, default: dear}}\n",
        "site.yaml:1:22: grid.import_price: found default: 'dear', allowed: a number",
    ),
    "wildcard as a price": (
        "grid: {import_price: {topic: 'tariff/#'}}\n",
        (
            "site.yaml:1:22: grid.import_price: found topic: 'tariff/#', "
            "allowed: an MQTT topic without the wildcards + and #"
        ),
    ),
    "missing price table": (
        "grid: {import_price: {csv: no.csv}}\n",
        (
            "no.csv: grid.import_price: found no readable file (No such file or directory), "
            "allowed: a CSV file in UTF-8"
        ),
    ),
    "password in the url": (
        "broker: {url: 'mqtt://ann:secret@h'}\n",
        (
            "site.yaml:1:15: broker.url: found a URL with user or password, "
            "allowed: mqtt://HOST:PORT or mqtts://HOST:PORT, "
            "with username and password_file as keys of their own"
        ),
    ),
    "external and own broker": (
        "broker: {url: 'mqtt://h', kind: embedded}\n",
        (
            "site.yaml:1:27: broker.kind: found a setting for a broker of our own besides url, "
            "allowed: either url, or kind, listen, tls, guest and devices"
        ),
    ),
    "password file that is not there": (
        "broker: {password_file: secret}\n",
        (
            "site.yaml:1:25: broker.password_file: found 'secret', which is not there, "
            "allowed: a file with the password in its first line"
        ),
    ),
    "tag": (
        "broker: {username: !secret name}\n",
        "site.yaml:1:20: broker.username: found the tag !secret, allowed: values without a tag",
    ),
    "second document": (
        "area: home\n---\narea: garden\n",
        "site.yaml:2:1: found a second document, allowed: one document in a file",
    ),
    "alias of nothing": (
        "area: *home\n",
        (
            "site.yaml:1:7: found the alias *home, "
            "allowed: an anchor that was written above and is complete"
        ),
    ),
    "an address without a port": (
        "metrics: {listen: localhost}\n",
        (
            "site.yaml:1:19: metrics.listen: found 'localhost', allowed: HOST:PORT such as "
            "127.0.0.1:9464, with a port from 0 to 65535"
        ),
    ),
    "a port without an address": (
        "metrics: {listen: 9464}\n",
        (
            "site.yaml:1:19: metrics.listen: found 9464, allowed: HOST:PORT such as "
            "127.0.0.1:9464, with a port from 0 to 65535; write 127.0.0.1:9464"
        ),
    ),
    "a port that is too large": (
        'metrics: {listen: "[::1]:70000"}\n',
        (
            "site.yaml:1:19: metrics.listen: found '[::1]:70000', allowed: HOST:PORT such as "
            "127.0.0.1:9464, with a port from 0 to 65535"
        ),
    ),
    "a place that is none": (
        "location: {latitude: 91, longitude: 5}\n",
        "site.yaml:1:22: location.latitude: found 91, allowed: a number in degrees from -90 to 90",
    ),
    "half a place": (
        "location: {latitude: 52}\n",
        (
            "site.yaml:1:1: location.longitude: found nothing, allowed: east of Greenwich, "
            "west negative"
        ),
    ),
    "a place without parts": (
        "location: Delft\n",
        (
            "site.yaml:1:11: location: found 'Delft', allowed: a mapping with the keys latitude, "
            "longitude"
        ),
    ),
    "a share of a device that is not there": (
        "share:\n  rof: {listen: '127.0.0.1:1502'}\n",
        "site.yaml:2:3: share.rof: found no such device, allowed: the id of a device: none",
    ),
    "a share without an address": (
        SHARED.format("{mode: cached}"),
        (
            "site.yaml:4:3: share.roof.listen: found nothing, allowed: where others reach the "
            "device by Modbus TCP, e.g. 127.0.0.1:1502"
        ),
    ),
    "a share with a bare port": (
        SHARED.format("{listen: 1502}"),
        (
            "site.yaml:4:18: share.roof.listen: found 1502, allowed: HOST:PORT such as "
            "127.0.0.1:9464, with a port from 0 to 65535; write 127.0.0.1:1502"
        ),
    ),
    "registers that run backwards": (
        SHARED.format("{listen: 'h:1502', writes: {192.0.2.7: 5-3}}"),
        (
            "site.yaml:4:48: share.roof.writes.192.0.2.7: found 5-3, allowed: registers from 0 to "
            "65535, the first before the last"
        ),
    ),
    "registers that are none": (
        SHARED.format("{listen: 'h:1502', writes: {192.0.2.7: all}}"),
        (
            "site.yaml:4:48: share.roof.writes.192.0.2.7: found 'all', allowed: registers such as "
            "40232-40236 or 40232, 3:40100 (UNIT:REGISTER)"
        ),
    ),
    "a client by name": (
        SHARED.format("{listen: 'h:1502', writes: {portal: 5}}"),
        (
            "site.yaml:4:37: share.roof.writes.portal: found 'portal', allowed: the address of a "
            "client such as 192.168.1.7, or a network 192.168.1.0/24"
        ),
    ),
    "a client by an address that no client comes from": (
        SHARED.format("{listen: 'h:1502', writes: {'::ffff:192.0.2.7': 5}}"),
        (
            "site.yaml:4:37: share.roof.writes.::ffff:192.0.2.7: found '::ffff:192.0.2.7', "
            "allowed: the address of a client such as 192.168.1.7, or a network 192.168.1.0/24"
        ),
    ),
    "two that listen at one address": (
        SHARED.format("{listen: 'h:1502'}\naggregate: {listen: 'h:1502'}"),
        (
            "site.yaml:4:18: share.roof.listen: found h:1502, where aggregate listens, allowed: an "
            "address of its own"
        ),
    ),
    "a meter that belongs to somebody else": (
        METERS.format("anna: {meter: g}, ben: {meter: roof}, eva: {meter: m}, kai: {meter: m}"),
        (
            "site.yaml:5:25: parties.anna.meter: found g, which measures the connection point, "
            "allowed: a meter of what this party moves"
        ),
        (
            "site.yaml:5:42: parties.ben.meter: found roof, which is a party itself, "
            "allowed: a device with tender: false, or a meter"
        ),
        (
            "site.yaml:5:79: parties.kai.meter: found m, which is the meter of eva already, "
            "allowed: a meter of its own"
        ),
    ),
    "a meter that is no device": (
        METERS.format("anna: {meter: hall}"),
        (
            "site.yaml:5:25: parties.anna.meter: found 'hall', "
            "allowed: a device of this file: roof, g, m"
        ),
    ),
    "an unknown mechanism": (
        "products:\n  power: {mechanism: order-bok}\n",
        (
            "site.yaml:2:22: products.power.mechanism: found 'order-bok', allowed: "
            "uniform-price, pay-as-bid, order-book, equilibrium, posted-price, quote-driven, "
            "negotiated; did you mean 'order-book'?"
        ),
    ),
    "a mechanism that cannot serve devices": (
        "products:\n  power: {mechanism: order-book}\n  more: {mechanism: order-book}\n",
        (
            "site.yaml:2:22: products.power.mechanism: found order-book, allowed: uniform-price, "
            "pay-as-bid, equilibrium: devices are dispatched by power, and their agents state "
            "whole requirements, which only a gate can clear"
        ),
    ),
    "a price rule of another mechanism": (
        (
            "products:\n  power: {mechanism: pay-as-bid, price_rule: gridlabd}\n"
            "  more: {mechanism: order-book, price_rule: low}\n"
        ),
        (
            "site.yaml:2:46: products.power.price_rule: found 'gridlabd', allowed: "
            "marginal-buyer, midpoint, low, marginal-seller, high"
        ),
        (
            "site.yaml:3:45: products.more.price_rule: found 'low', allowed: none, order-book "
            "needs no rule"
        ),
    ),
    "a maker that is no party": (
        (
            "parties: {anna: {}}\nproducts:\n  power: {maker: anna}\n"
            "  more: {mechanism: posted-price, maker: ann}\n"
        ),
        (
            "site.yaml:3:18: products.power.maker: found anna, allowed: a maker with mechanism "
            "posted-price only, not uniform-price"
        ),
        (
            "site.yaml:4:42: products.more.maker: found ann, allowed: one of the parties: anna; "
            "did you mean 'anna'?"
        ),
    ),
    "a surcharge under one price": (
        "products:\n  power: {settlement: {surcharge: 0.1}}\n",
        (
            "site.yaml:2:23: products.power.settlement: found surcharge 0.1 with deviation: "
            "clearing-price, allowed: a surcharge with deviation: two-price only"
        ),
    ),
    "several mistakes": (
        "aera: home\ngrid:\n  import_limit_w: -1\nlog: {level: loud}\ntimezone: Mars\n",
        (
            "site.yaml:1:1: aera: found an unknown key, allowed: aggregate, area, broker, "
            "caldav, calendar, control, currency, "
            "devices, dispatch, enrollment, grid, home_assistant, interties, journal, ledger, "
            "location, log, metrics, "
            "parties, "
            "products, registration, share, silence, state_dir, timezone; "
            "did you mean 'area'?"
        ),
        "site.yaml:3:19: grid.import_limit_w: found -1, allowed: a number in W, at least 0",
        "site.yaml:4:14: log.level: found 'loud', allowed: debug, info, warning, error",
        (
            "site.yaml:5:11: timezone: found 'Mars', allowed: an IANA time zone such as "
            "Europe/Amsterdam"
        ),
    ),
}


@pytest.mark.parametrize(("text", "lines"), [(t, ls) for t, *ls in BROKEN.values()], ids=BROKEN)
def test_mistake_is_named_with_its_place_and_what_is_allowed(loaded, text, lines):
    assert lines == [str(problem) for problem in loaded(text).problems]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "site.yaml: found an empty file, allowed: YAML with at least the key 'devices'"),
        (b"# c\n", "site.yaml: found an empty file, allowed: YAML with at least the key 'devices'"),
        (b"area: \xff\n", "site.yaml: found byte 0xff at offset 6, allowed: text in UTF-8"),
    ],
)
def test_file_without_content_is_one_problem(loaded, content, expected):
    result = loaded(content)

    assert [expected] == [str(problem) for problem in result.problems]
    assert result.site is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("area: home\n\tlog: {}\n", "site.yaml:2:1: "),
        ("area: a: b\n", "site.yaml:1:8: "),
        ("area: home\nlog: [\n", "site.yaml:3:1: "),
        ("area: \x01\n", "site.yaml:1:7: "),
    ],
)
def test_broken_yaml_is_one_problem_at_its_place(loaded, text, place):
    (problem,) = loaded(text).problems

    assert str(problem).startswith(f"{place}found no valid YAML (")
    assert "indented by spaces" in problem.allowed


def test_missing_file_is_a_problem_without_a_line(tmp_path, packages):
    result = load(tmp_path / "no.yaml", packages, ["tcp"], environ={})

    (problem,) = result.problems
    assert f"{tmp_path}/no.yaml: found no readable file (No such file or directory)" in str(problem)


@pytest.mark.parametrize("text", ["[" * 50_000, "- " * 50_000, "a: {" * 50_000])
def test_deep_nesting_is_refused_at_once(loaded, text):
    (problem,) = loaded(text).problems

    assert problem.found == "too deep nesting"


def test_aliases_that_multiply_are_refused(loaded):
    lines = ["a0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 12)]

    (problem,) = loaded("\n".join(lines)).problems

    assert problem.found == "too many values"


def test_wrong_lines_of_a_price_table_are_named_in_the_table(loaded, tmp_path):
    (tmp_path / "p.csv").write_text(
        "time,price\n2026-06-21T12:00:00,0.3\n2026-06-21T12:00:00Z,cheap\n"
        "2026-06-21T13:00:00Z\n2026-06-21T14:00:00Z,0.1\n2026-06-21T16:00:00+02:00,0.2\n",
    )

    problems = loaded("grid: {export_price: {csv: p.csv}}\n").problems

    assert [str(problem) for problem in problems] == [
        (
            "p.csv:2:1: grid.export_price: found '2026-06-21T12:00:00', "
            "allowed: an instant such as 2026-06-21T12:00:00+02:00"
        ),
        "p.csv:3:1: grid.export_price: found 'cheap', allowed: a number such as 0.30",
        "p.csv:4:1: grid.export_price: found 1 values, allowed: at least 2",
        (
            "p.csv:6:1: grid.export_price: found 2026-06-21T16:00:00+02:00 a second time, "
            "allowed: each time once"
        ),
    ]


def test_price_table_without_the_column_says_which_are_there(loaded, tmp_path):
    (tmp_path / "p.csv").write_text("hour;eur\n")

    (problem,) = loaded("grid: {export_price: {csv: p.csv}}\n").problems

    assert str(problem) == (
        "p.csv:1:1: grid.export_price: found the columns hour;eur, "
        "allowed: the columns time and price (or export_price)"
    )


def test_a_password_in_a_connection_is_not_told_again(loaded):
    device = "driver: simulated, role: solar, connection: 'tcp://me:s3cret@h:502'"
    told = [str(problem) for problem in loaded(f"devices:\n  roof: {{{device}}}\n").problems]
    assert any(
        "found tcp://...@h:502, allowed: a URL without user" in " ".join(one.split())
        for one in told
    )
    assert not any("s3cret" in one for one in told)
