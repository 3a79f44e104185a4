text='the quick brown fox jumps over the lazy dog' count=0
for ((i = 0; i < 30000; i++)); do
    word=${text#* }
    word=${word%% *}
    upper=${word^^}
    joined=${text//o/0}
    ((count += ${#upper} + ${#joined}))
    part=${text:i % 20:5}
    count=$((count + ${#part}))
done
echo "$count"
