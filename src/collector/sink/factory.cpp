#include "sink/factory.hpp"

#include <unistd.h>

#include "sink/kafka.hpp"
#include "sink/queue_sink.hpp"

namespace sluice::sink {

std::unique_ptr<Sink> make_sink(const std::string& name, const config::Sink& settings, unsigned workers,
                                LogFn log) {
  switch (settings.type) {
    case config::SinkType::kafka:
      return std::make_unique<KafkaSink>(name, settings, workers, std::move(log));
    case config::SinkType::file: {
      auto writer = make_file_writer(name, settings, log);
      return std::make_unique<QueueSink>(name, settings.file.queue_bytes, std::move(writer), std::move(log));
    }
    case config::SinkType::stdout_:
      break;
  }
  auto writer = make_stdout_writer(name, STDOUT_FILENO);
  return std::make_unique<QueueSink>(name, settings.stdout_queue_bytes, std::move(writer), std::move(log));
}

}  // namespace sluice::sink
