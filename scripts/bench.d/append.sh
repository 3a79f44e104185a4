for ((i = 0; i < 5000; i++)); do echo "line $i" >> log; done
while read -r word number; do last=$number; done < log
echo "$last"
