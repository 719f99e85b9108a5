/**
 * The workflow of `cdktr demo`. It stands here because an executable has no checkout beside it; workflows/demo.yml is the
 * same text, which a test holds.
 */
export const demoWorkflow =
  `# A shop's nightly load in small: three sources are read at the same time, joined when all of them are there, loaded
# and reported on. It needs nothing but sh and takes about three seconds.
#
#   customers ──┐
#   orders ─────┼── transform ── load ── report
#   products ───┘
name: Demo
description: Reads three sources in parallel, joins them, loads the result and reports

timeout: 1m # of the whole run

env: # for all tasks; a task may add its own
  CURRENCY: EUR

tasks:
  customers:
    name: Extract customers
    description: One of three tasks without dependencies, so they start together
    config: !Subprocess
      cmd: sh
      args:
        - -c
        - |
          echo "reading customers"
          sleep 1
          echo "customers: 1200 rows"

  orders:
    name: Extract orders
    retries: 2 # tried again when it fails
    config: !Subprocess
      cmd: sh
      args:
        - -c
        - |
          for page in 1 2 3; do
            echo "orders: page $page of 3"
          done
          sleep 1
          echo "orders: 2 rows without a customer, skipped" >&2
          echo "orders: 5400 rows"

  products:
    name: Extract products
    config: !Subprocess
      cmd: sh
      args:
        - -c
        - |
          echo "reading products"
          sleep 1
          echo "products: 310 rows"

  transform:
    name: Join and clean
    depends: [customers, orders, products] # starts when all three have succeeded
    config: !Subprocess
      cmd: sh
      args:
        - -c
        - |
          for step in "joining orders with customers" "adding products" "checking totals"; do
            echo "$step"
          done
          sleep 1
          echo "5398 rows are clean"

  load:
    name: Load to warehouse
    depends: [transform]
    timeout: 10s # of one try
    env:
      BATCHES: 3
    config: !Subprocess
      cmd: sh
      args:
        - -c
        - |
          batch=1
          while [ "$batch" -le "$BATCHES" ]; do
            echo "batch $batch of $BATCHES written"
            batch=$((batch + 1))
          done

  report:
    name: Report
    depends: [load]
    config: !Subprocess
      cmd: sh
      args:
        - -c
        - |
          echo "customers 1200, products 310, orders 5398"
          echo "revenue 86420 $CURRENCY"
`;
