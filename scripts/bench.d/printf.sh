for ((i = 0; i < 40000; i++)); do
    printf -v text '%05d|%-8s|%x' "$i" "n$i" "$i"
done
echo "$text"
