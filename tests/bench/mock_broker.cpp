// librdkafka's mock cluster in a process of its own: prints its address, lives until stdin closes.
//   mock_broker TOPIC
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  char error[256];
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), error, sizeof error);
  if (!client) return std::fprintf(stderr, "mock_broker: %s\n", error), 1;
  rd_kafka_mock_cluster_t* cluster = rd_kafka_mock_cluster_new(client, 1);
  rd_kafka_mock_topic_create(cluster, argv[1], 1, 1);
  std::printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
  std::fflush(stdout);
  pollfd input{0, POLLIN, 0};
  poll(&input, 1, -1);
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(client);
  return 0;
}
