# Of what regrtest prints, who failed and how many ran. A test of unittest's stands there as `FAIL: name (module.class.name) (subtest)`.
/^(FAIL|ERROR): / { if (!told[$2 $3]++) print "FAILED " $2 " " $3 }
/^Ran [0-9]+ tests? in / { tests += $2 }
/^(OK|FAILED) \(.*skipped=/ { match($0, /skipped=[0-9]+/); skipped += substr($0, RSTART + 8, RLENGTH - 8) }
/^[0-9]+ tests? skipped:/ { none += $1 }
/^[0-9]+ tests? OK\./ { passed += $1 }
/^All [0-9]+ tests OK\./ { passed += $2 }
/^[0-9]+ tests? failed:/ { failed += $1 }
END {
  if (passed) print "COUNT " passed " modules passed"
  if (failed) print "COUNT " failed " modules failed"
  if (none) print "COUNT " none " modules skipped"
  if (tests) print "COUNT " tests " tests run"
  if (skipped) print "COUNT " skipped " tests skipped"
}
