#!/bin/sh
if [ $1 = a ]; then
	echo "é" `ls`
fi
cd $2
