#!/bin/bash
# Packs the folders named in a list and keeps the newest seven archives.
list=$1
target=$2
mkdir -p $target
archive=$target/backup-$(date +%Y-%m-%d).tar.gz
for folder in $(cat $list); do
  if [ ! -d $folder ]; then
    echo "backup: no folder: $folder" >&2
  fi
done
tar -czf $archive $(cat $list)
cd $target
ls -t backup-*.tar.gz | tail -n +8 | while read old; do
  rm $old
done
