#include "intake/kafka_conf.hpp"

#include <map>

namespace sluice::intake {

std::string setting_path(const std::string& source) { return "sources." + source; }

sink::KafkaConf make_consumer_conf(const std::string& source, const Settings& settings,
                                   const OnMistake& mistake) {
  const std::map<std::string, std::string> defaults{
      {"group.id", settings.group},
      {"auto.offset.reset", std::string(word_of(kStarts, settings.start))},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"queued.max.messages.kbytes", std::to_string(settings.buffer_bytes / 1024)},
      // A topic that is not there yet, and partitions that are added, are looked for this often.
      {"topic.metadata.refresh.interval.ms", "30000"},
  };
  return sink::make_kafka_conf(setting_path(source), settings, defaults, mistake);
}

void try_out(const std::string& source, const Settings& settings, const OnMistake& mistake) {
  bool fine = true;
  sink::KafkaConf conf = make_consumer_conf(source, settings, [&](SetupError found) {
    fine = false;
    mistake(std::move(found));
  });
  if (fine) sink::try_out_handle(RD_KAFKA_CONSUMER, std::move(conf), setting_path(source), settings, mistake);
}

}  // namespace sluice::intake
