for ((i = 0; i < 500; i++)); do
    value=$(echo "$i a b" | tr a-z A-Z | cut -d' ' -f2)
done
echo "$value"
