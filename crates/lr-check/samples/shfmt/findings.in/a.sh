#!/bin/sh
if [ $1 = a ]; then
  echo `ls`
fi
cd $2