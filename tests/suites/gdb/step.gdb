set pagination off
set confirm off
set disassemble-next-line off
set print thread-events off
break main
run
hbreak factorial
continue
backtrace
info breakpoints
step
step
step
step
step
backtrace
up
info frame
down
delete
finish
x/12i factorial
break mean
continue
stepi 25
info registers x0 x1 x2 x3 sp pc cpsr d0 d1 fpsr fpcr
print $v0
next
next
next
display sum
next
print sum * 2
print of[1]
print *of@3
set var sum = 100
tbreak signal
continue
finish
print average
call factorial(5)
print factorial(4) + 1
delete 3
print mean(points, 2)
handle SIGUSR1 stop print
continue
print $_siginfo.si_signo
stepi
where 2
continue
info threads
print $_exitcode
