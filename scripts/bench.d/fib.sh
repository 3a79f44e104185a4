fib() {
    if (($1 < 2)); then
        result=$1
        return
    fi
    local n=$1 left
    fib $((n - 1))
    left=$result
    fib $((n - 2))
    result=$((left + result))
}
fib 20
echo "$result"
