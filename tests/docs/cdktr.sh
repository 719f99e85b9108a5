#!/bin/sh
# `cdktr` as the pages call it. What goes on until it is told to end does not hold the page up: a service is left running
# until the end of the block, a watch is ended once it has printed something. Hosts that are not there are the test's own.
#
# TYPED_REAL is the program, TYPED_SERVICES a directory for what runs, TYPED_SCENE_PORT the port of the live principal,
# TYPED_HOOK_PORT a free one, which the first webhook
# of a block gets.

# Starts a service and waits until it says what tells that it is up.
service() {
  pattern=$1
  shift
  said=$(mktemp "$TYPED_SERVICES/XXXXXX")
  (
    sh -c 'echo "$$" > "$0.pid"; exec "$@"' "$said" "$TYPED_REAL" "$@" > "$said" 2>&1 < /dev/null
    echo "$?" > "$said.code"
  ) > /dev/null 2>&1 &
  until grep -q "$pattern" "$said"; do
    if [ -e "$said.code" ]; then
      rm "$said.pid"
      cat "$said" >&2
      exit "$(cat "$said.code")"
    fi
    sleep 0.05
  done
  exit 0
}

# Starts a watch, ends it once it has printed something, and prints that.
watch() {
  printed=$(mktemp "$TYPED_SERVICES/XXXXXX.watch")
  "$TYPED_REAL" "$@" > "$printed" < /dev/null &
  watch=$!
  rounds=0
  while [ ! -s "$printed" ] && [ "$rounds" -lt 400 ]; do
    sleep 0.05
    rounds=$((rounds + 1))
  done
  kill -TERM "$watch" 2> /dev/null
  wait "$watch"
  code=$?
  cat "$printed"
  if [ ! -s "$printed" ]; then
    echo "cdktr $* printed nothing" >&2
    exit 1
  fi
  case $code in 143) exit 0 ;; *) exit "$code" ;; esac
}

case ${CDKTR_PRINCIPAL_HOST:-}:$CDKTR_PRINCIPAL_PORT in
  # The ports that pages name are those of 5561 and a little above.
  *:55[0-9][0-9]) export CDKTR_PRINCIPAL_HOST=127.0.0.1 CDKTR_PRINCIPAL_PORT="$TYPED_SCENE_PORT" ;;
  127.0.0.1:* | localhost:*) ;;
  *) export CDKTR_PRINCIPAL_HOST=127.0.0.1 CDKTR_PRINCIPAL_PORT="$TYPED_SCENE_PORT" ;;
esac
case " $* " in
  *" --help "*) ;;
  *" --principal-host "*) set -- "$@" --principal-host 127.0.0.1 --principal-port "$TYPED_SCENE_PORT" ;;
esac

case " $* " in
  *" --help "*) ;;
  " start principal "*)
    export CDKTR_LOGS_LISTENING_PORT=0 CDKTR_LOGS_PUBLISHING_PORT=0
    service 'serves [0-9]* workflow' "$@" --host 127.0.0.1 --port 0
    ;;
  " start agent "*) service 'works for the cdktr principal' "$@" ;;
  " listen webhook "*)
    port=0
    if mkdir "$TYPED_SERVICES/first_webhook" 2> /dev/null; then port=$TYPED_HOOK_PORT; fi
    service 'webhooks are taken on' "$@" --host 127.0.0.1 --port "$port"
    ;;
  " listen files "*) service 'files that are put into' "$@" ;;
  " runs watch "* | *" --follow "* | *" -f "* | " logs "*"--tail "* | " logs "*"-t "*) watch "$@" ;;
  " ui "*)
    said=$("$TYPED_REAL" "$@" 2>&1 > /dev/null)
    code=$?
    case "$code $said" in
      "2 "*"needs a terminal"*) exit 0 ;;
    esac
    echo "$said" >&2
    exit "$code"
    ;;
esac
exec "$TYPED_REAL" "$@"
