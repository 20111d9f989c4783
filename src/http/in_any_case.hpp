#pragma once
// Handing something over to an io_context where nothing else can be done than to do so. Private to this
// module.
#include <boost/asio/post.hpp>
#include <chrono>
#include <new>
#include <thread>

namespace sluice::http {

/// It takes memory. While there is none this thread waits, and gives others the time to give some back.
template <class Executor, class Call>
void post_in_any_case(const Executor& to, const Call& call) {
  for (;;) {
    try {
      boost::asio::post(to, call);
      return;
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
}

}  // namespace sluice::http
