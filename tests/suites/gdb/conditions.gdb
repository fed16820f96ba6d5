set pagination off
set confirm off
set print thread-events off
break main
run
break factorial if n == 3
hbreak mean
tbreak store
commands 4
silent
printf "stored is %ld\n", value
end
continue
watch watched if watched > 800
continue
backtrace
delete 5
continue
record full
next
next
next
reverse-next
reverse-stepi
info record
record stop
catch syscall exit_group
continue
kill
