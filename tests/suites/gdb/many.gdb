set pagination off
set confirm off
set print thread-events off
break mean
run
set $steps = 0
set $sum = 0
while $steps < 300
set $sum = $sum * 31 + (long)$pc + (long)$sp + $x0 + $x1 * 7 + $x30
stepi
set $steps = $steps + 1
end
print $sum
info registers pc
break raise
continue
# raise has the process's number in x0 and x1, and that is another each time.
while $steps < 600
set $sum = $sum * 31 + (long)$pc + (long)$sp + $x30
stepi
set $steps = $steps + 1
end
print $sum
info registers sp pc x29 d0 fpcr
