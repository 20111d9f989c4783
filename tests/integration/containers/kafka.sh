#!/usr/bin/env bash
# Does for Kafka's jars what the image apache/kafka does: variables KAFKA_A_B are settings a.b of the broker.
set -euo pipefail

java=(/opt/java/bin/java ${KAFKA_HEAP_OPTS:-} -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp '/opt/kafka/libs/*')
while IFS='=' read -r name value; do
  [[ $name == KAFKA_* && $name != KAFKA_HEAP_OPTS ]] || continue
  name=${name#KAFKA_}
  name=${name,,}
  printf '%s=%s\n' "${name//_/.}" "$value"
done < <(env) >/tmp/server.properties
"${java[@]}" kafka.tools.StorageTool format --ignore-formatted -t 5L6g3nShT-eMCtK--X86sw -c /tmp/server.properties
exec "${java[@]}" kafka.Kafka /tmp/server.properties
