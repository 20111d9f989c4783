#pragma once
// What was read and is not known to be delivered yet, in steps. All blocks that were opened in a step carry
// its mark (sink::Block::mark); a row of a step is in a block of that step or of one before it. So a step is
// settled when its mark has ended and all steps before it are settled, and its offsets may be committed then.
// One thread; marks end on any. Where memory runs out (std::bad_alloc), nothing has changed.
#include <cstdint>
#include <deque>
#include <map>
#include <memory>

namespace sluice::intake {

class Unsettled {
 public:
  /// Of a partition, in one step.
  struct Part {
    std::int64_t next_offset = -1;  ///< behind the last record that was read whole; -1: none was
    std::uint64_t flows = 0;
  };
  using Parts = std::map<std::int32_t, Part>;

  /// A step begins; its mark is for the blocks that are opened now.
  std::shared_ptr<const void> begin();
  /// What is read in it.
  Part& part(std::int32_t partition) { return now_[partition]; }
  /// It ends; nothing but blocks may have its mark any more.
  void end();

  /// What is settled since the last time, all steps together.
  Parts settled();
  /// A partition is not ours any more: what of it is not settled, the step that is open among it.
  Part forget(std::int32_t partition);
  /// Its offsets begin anew, and those that were read say nothing any more; its flows settle as ever.
  void restart(std::int32_t partition);
  bool empty() const { return steps_.empty(); }
  std::size_t steps() const { return steps_.size(); }

 private:
  struct Step {
    std::weak_ptr<const void> mark;
    Parts parts;
  };
  static void add(const Part& more, Part& to);

  std::shared_ptr<const void> mark_;
  Parts now_;
  std::deque<Step> steps_;
};

}  // namespace sluice::intake
