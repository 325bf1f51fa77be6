#pragma once

#include <string>
#include <string_view>

#include "base/log_block.hpp"
#include "base/types.hpp"

// One segment of a log stream on disk (base/log_block.hpp has the format).
namespace utakata::store {

/// What a segment holds, as far as it has been looked at.
struct SegmentSummary {
  i64 number = 0;
  i64 scanned = 0;      // bytes of the file that are whole blocks
  bool sealed = false;  // nothing follows
  bool ordered = true;  // times never go back
  i64 events = 0;
  i64 first = 0, last = 0, last_ingestion = 0;
  i64 text_bytes = 0;

  void count(const log_block::Header&);
  [[nodiscard]] log_block::Header seal() const;
};

std::string segment_path(const std::string& folder, i64 number);
/// The number of a segment's file name; -1 of any other file.
i64 segment_number(std::string_view name);

/// Reads the blocks of a segment, their bodies only when they are wanted. One window of memory.
class BlockReader {
 public:
  explicit BlockReader(const std::string& path, i64 offset = 0);
  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;
  ~BlockReader();

  /// The next header; false at the end, at a seal and at what is no whole block.
  bool next();
  [[nodiscard]] const log_block::Header& header() const { return header_; }
  [[nodiscard]] i64 offset() const { return at_; }  // of this block
  [[nodiscard]] i64 end() const { return next_; }   // behind the last whole block
  /// This block's body; empty if it was not written whole.
  std::string_view body();
  /// To the block at this offset; next() reads it.
  void seek(i64 offset) { next_ = offset; }
  /// When next() has found the end: whether the segment was closed in good order. Only behind its last block is a seal
  /// one: the text of an event may end as a seal does.
  bool is_sealed();

 private:
  std::string_view bytes(i64 offset, std::size_t size);

  int fd_;
  i64 size_ = 0;
  i64 at_ = 0, next_ = 0;
  log_block::Header header_;
  std::string window_;
  i64 window_at_ = 0;
};

/// Brings what is known of a segment up to what is in its file.
void look_again(const std::string& path, SegmentSummary&);

}  // namespace utakata::store
