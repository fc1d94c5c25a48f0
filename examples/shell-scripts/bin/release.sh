#!/bin/sh
# Tags a release, with the number in the file VERSION.
version=`cat VERSION`
if [[ -z "$version" ]]; then
  echo "release: VERSION is empty"
  exit 1
fi
git tag -a v$version -m "Release $version"
if [ $? -ne 0 ]; then
  echo "release: cannot tag v$version" >&2
  exit 1
fi
read -p "Push v$version? " answer
[ "$answer" == "yes" ] && git push origin v$version
