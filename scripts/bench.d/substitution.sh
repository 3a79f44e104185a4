for ((i = 0; i < 1500; i++)); do
    value=$(echo "$i")
    (exit 0)
done
echo "$value"
