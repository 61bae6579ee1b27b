#!/bin/sh
# A load that buys its power for the next interval, with nothing but mosquitto_pub and mosquitto_sub.
#
#     examples/load.sh HOST PORT PARTY PASSWORD AREA WATTS PRICE
#
# PRICE is what it pays at most, an integer at the product's priceScale.  It prints the answer of
# the market, then the transaction, acknowledges it, and ends; 1 if nothing came within a minute.
set -eu
host=$1 port=$2 party=$3 password=$4 area=$5 watts=$6 price=$7
base=rmf/1/$area
request=load-$(date +%s)-$$

hear() { mosquitto_sub -h "$host" -p "$port" -u "$party" -P "$password" -q 1 "$@"; }
say() { mosquitto_pub -h "$host" -p "$port" -u "$party" -P "$password" -q 1 -t "$1" -m "$2"; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

inbox=$(mktemp)
trap 'kill "$ear" 2>/dev/null || true; rm -f "$inbox"' EXIT
( exec mosquitto_sub -h "$host" -p "$port" -u "$party" -P "$password" -q 1 \
    -t "$base/u/$party/in/#" -W 60 ) >"$inbox" &
ear=$!

# The first message is the session that stands, perhaps about to close: the second is fresh.
session=$(hear -t "$base/p/power/session" -C 2 -W 60 | tail -n 1)
interval=$(printf '%s' "$session" | sed -n 's/.*"tradeableInstrumentRange":\({[^}]*}\).*/\1/p')

say "$base/u/$party/req/power/create-tender" "{\"v\":1,\"requestId\":\"$request\",
\"partyId\":\"$party\",\"counterPartyId\":\"$area\",\"marketId\":\"$area\",\"segmentId\":\"power\",
\"tender\":{\"tenderId\":\"$request\",\"side\":\"BUY\",\"tenderDetail\":{\"interval\":$interval,
\"price\":$price,\"quantity\":$watts}}}"

wait_for() {
    tries=0
    until grep "$1" "$inbox"; do
        tries=$((tries + 1))
        [ "$tries" -lt 60 ] && kill -0 "$ear" 2>/dev/null || exit 1
        sleep 1
    done
}

wait_for "\"inResponseTo\":\"$request\""
transaction=$(wait_for "\"tenderId\":\"$request\".*\"tenderDetail\"" | head -n 1)
printf '%s\n' "$transaction"
id=$(printf '%s' "$transaction" | field requestId)
say "$base/u/$party/ack/created-transaction" "{\"v\":1,\"inResponseTo\":\"$id\",
\"partyId\":\"$party\",\"counterPartyId\":\"$area\",\"marketTransactionId\":\"$id\"}"
