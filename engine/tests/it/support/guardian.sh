# Keeps one PostgreSQL server for as long as its standard input is open, then stops it and removes its
# folder. Usage: guardian.sh BIN DIR. Words on standard input: `kill` ends the server at once, as a
# power cut would; `start` starts it again. Each is answered by one line on standard output.
bin=$1
dir=$2
# A signal to the whole group ends the test first; its end of the pipe then ends us, tidily.
trap '' INT HUP TERM

start() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        "$bin/postgres" -D "$dir/data" </dev/null >>"$dir/log" 2>&1 &
        pid=$!
        for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
            if "$bin/pg_isready" -q -h "$dir" -d postgres; then
                echo started
                return
            fi
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null
        wait "$pid"
        sleep 0.2
    done
    echo failed
}

start
while read -r word; do
    case $word in
    kill)
        kill -KILL "$pid"
        wait "$pid"
        echo killed
        ;;
    start) start ;;
    esac
done
kill -QUIT "$pid" 2>/dev/null
wait "$pid"
rm -rf "$dir"
