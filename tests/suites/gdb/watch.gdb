set pagination off
set confirm off
set can-use-hw-watchpoints 1
set print thread-events off
break main
run
print $_siginfo.si_signo
watch watched
rwatch points[1].y
awatch small[5]
info watchpoints
continue
continue
print small
continue
backtrace
continue
info breakpoints
continue
print/x watched
backtrace
delete 3
continue
finish
info locals
print others
print points[1]
ptype points
continue
info watchpoints
