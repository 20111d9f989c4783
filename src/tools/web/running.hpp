#pragma once
// Questions that are being answered: who may begin, and who is to end. Any thread.
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "web/error.hpp"

namespace sluice::web {

class Running {
 public:
  /// One question from its beginning to its end.
  class Place {
   public:
    Place(Running& running, std::string name, std::shared_ptr<std::atomic<bool>> ended)
        : running_(&running), name_(std::move(name)), ended_(std::move(ended)) {}
    Place(Place&& other) noexcept
        : running_(std::exchange(other.running_, nullptr)),
          name_(std::move(other.name_)),
          ended_(std::move(other.ended_)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (running_) running_->leave(name_);
    }

    const std::string& name() const { return name_; }
    bool is_to_end() const { return *ended_; }

   private:
    Running* running_;
    std::string name_;
    std::shared_ptr<std::atomic<bool>> ended_;
  };

  explicit Running(unsigned at_once) : free_(at_once) {}

  /// "": a name is made. An error where a question of that name runs.
  Or<Place> enter(const std::string& name);
  /// Has the question of that name end; false where there is none.
  bool end(const std::string& name);
  void end_all();

  /// A statement's turn; false after `wait`. To be given back.
  bool take_turn(std::chrono::milliseconds wait);
  void give_back();

 private:
  void leave(const std::string& name);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::shared_ptr<std::atomic<bool>>> names_;
  unsigned free_;
};

/// `bytes` random ones, in letters of base64url.
std::string random_text(std::size_t bytes);

}  // namespace sluice::web
