echo "error in ./b.txt:7"
exit 1
