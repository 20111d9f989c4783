#include "sink/buffer_pool.hpp"
#include "sink/sink.hpp"

namespace sluice::sink {

Block::~Block() {
  if (pool) pool->put(std::move(bytes));
}

}  // namespace sluice::sink
