package a

func {
