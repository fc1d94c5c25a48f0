#!/bin/sh
! grep -n TODO "$1"
