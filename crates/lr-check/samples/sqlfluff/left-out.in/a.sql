SELECT a from b
