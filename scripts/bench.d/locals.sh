add() {
    local -i left=$1 right=$2
    local name=$3 parts=()
    parts+=("$name" "$left" "$right")
    result=$((left + right)) last=${parts[0]}
}
total=0
for ((i = 0; i < 30000; i++)); do
    add "$i" 1 "n$i"
    ((total += result))
done
echo "$total $last"
