# Made by `sluice schema write` from src/lib/flow/rollups.cpp; changes belong there.
# What apply.sh must know of the rollups; it reads this file, which runs nothing.
# shellcheck shell=bash disable=SC2034

# All of them, each behind the one that it is made of.
rollups=(flows_1m flows_5m flows_1h interfaces_5m interfaces_1h ases_5m ases_1h countries_1h sources_1h sources_all_1h destinations_1h destinations_all_1h ports_1h)

# What each is made of.
declare -A rollup_source=(
  [flows_1m]=flows_raw
  [flows_5m]=flows_1m
  [flows_1h]=flows_5m
  [interfaces_5m]=flows_5m
  [interfaces_1h]=flows_1h
  [ases_5m]=flows_5m
  [ases_1h]=flows_1h
  [countries_1h]=flows_raw
  [sources_1h]=flows_raw
  [sources_all_1h]=sources_1h
  [destinations_1h]=flows_raw
  [destinations_all_1h]=destinations_1h
  [ports_1h]=flows_raw
)

# What is made of it in turn, and so is filled with it.
declare -A rollup_behind=(
  [flows_1m]='flows_5m flows_1h interfaces_5m interfaces_1h ases_5m ases_1h'
  [flows_5m]='flows_1h interfaces_5m interfaces_1h ases_5m ases_1h'
  [flows_1h]='interfaces_1h ases_1h'
  [interfaces_5m]=''
  [interfaces_1h]=''
  [ases_5m]=''
  [ases_1h]=''
  [countries_1h]=''
  [sources_1h]='sources_all_1h'
  [sources_all_1h]=''
  [destinations_1h]='destinations_all_1h'
  [destinations_all_1h]=''
  [ports_1h]=''
)

# Days that rows are kept, by parameter, and the options that say so.
declare -A kept_days=(
  [retention]=30
  [retention_1m]=90
  [retention_5m]=400
  [retention_1h]=1830
  [retention_top]=90
)
kept_help='  --retention-days N     flows_raw (default 30)
  --retention-1m N       flows_1m (default 90)
  --retention-5m N       flows_5m, interfaces_5m, ases_5m (default 400)
  --retention-1h N       flows_1h, interfaces_1h, ases_1h, countries_1h (default 1830)
  --retention-top N      sources_1h, sources_all_1h, destinations_1h, destinations_all_1h, ports_1h (default 90)'
