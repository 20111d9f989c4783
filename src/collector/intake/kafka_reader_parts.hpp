#pragma once
// What the sources of KafkaReader share: owners of what librdkafka hands out, and how it goes on where memory
// runs out. For those alone.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>

#include "intake/kafka_reader.hpp"
#include "util/clock.hpp"
#include "util/guarded.hpp"

namespace sluice::intake {

inline constexpr rd_kafka_resp_err_t kNoError = RD_KAFKA_RESP_ERR_NO_ERROR;
inline constexpr std::chrono::milliseconds kLookAgain{2};      // at a sink that is waited for
inline constexpr std::chrono::milliseconds kNoMemoryFor{100};  // then it is tried again

struct FreeList {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
struct FreeQueue {
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
};
struct FreeEvent {
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
};
struct FreeError {
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
using List = std::unique_ptr<rd_kafka_topic_partition_list_t, FreeList>;
using Queue = std::unique_ptr<rd_kafka_queue_t, FreeQueue>;
using Event = std::unique_ptr<rd_kafka_event_t, FreeEvent>;
using Error = std::unique_ptr<rd_kafka_error_t, FreeError>;

inline List new_list(std::size_t room) {
  return List(rd_kafka_topic_partition_list_new(static_cast<int>(room)));
}

template <class Each>
void for_each(const rd_kafka_topic_partition_list_t& list, const Each& each) {
  for (int i = 0; i < list.cnt; ++i) each(list.elems[i]);
}

/// Past ones give no time.
inline int milliseconds_until(KafkaReader::Clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - KafkaReader::Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1000));
}

/// What librdkafka calls back by: it lives as long as the handle, which may outlive the reader.
struct KafkaReader::Line {
  KafkaReader* const reader;  // for what is called by the reader's own polling
  Guarded<bool> there{true};  // the reader is; for what librdkafka's threads call
};

/// Without memory for the words it is not said.
template <class Sentence>
void KafkaReader::say(LogLevel level, Sentence&& sentence) const {
  try {
    log_(level, "source " + source_ + ": " + std::forward<Sentence>(sentence)());
  } catch (const std::bad_alloc&) {
  }
}

/// What there is no memory for is tried again until there is. False: the process ends before.
template <class Work>
bool KafkaReader::insist(Work&& work) {
  for (;;) {
    try {
      work();
      return true;
    } catch (const std::bad_alloc&) {
      errors_.fetch_add(1, std::memory_order_relaxed);
      say(LogLevel::error, [] { return std::string("there is no memory to go on; it is tried again"); });
    }
    if (Clock::now() >= deadline_.load()) return false;
    std::this_thread::sleep_for(kNoMemoryFor);
    heartbeat_ns_.store(monotonic_ns(), std::memory_order_relaxed);
  }
}

/// For what librdkafka calls: nothing is thrown through its frames.
template <class Work>
void KafkaReader::shielded(Work&& work) const {
  try {
    work();
  } catch (const std::exception&) {
    errors_.fetch_add(1, std::memory_order_relaxed);
  }
}

}  // namespace sluice::intake
