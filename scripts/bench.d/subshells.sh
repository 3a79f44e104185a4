for ((i = 0; i < 300; i++)); do
    value=$( (echo "$(echo "$(echo "$i")")") )
    (cd / && (exit 3)) || code=$?
done
echo "$value $code"
