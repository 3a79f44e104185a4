mkdir -p d/{0..9}
for ((i = 0; i < 3000; i++)); do printf '%s\n' "content $i" > "d/${i: -1}/f$i"; done
for ((i = 0; i < 3000; i += 3)); do mv "d/${i: -1}/f$i" "d/${i: -1}/g$i"; done
rm -r d/3
find d -type f | wc -l
cat d/*/g* | wc -c
