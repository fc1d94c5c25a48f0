if true; then
echo hi
