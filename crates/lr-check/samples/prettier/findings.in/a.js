let  a
