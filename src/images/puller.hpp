#pragma once

#include <coroutine>
#include <map>
#include <memory>

#include "images/collect.hpp"
#include "images/image_store.hpp"
#include "reactor/offload.hpp"

namespace utakata::images {

struct PullerSettings {
  str folder;  // the store's
  Sources sources;
  CollectRules rules;
  std::function<void(const str& sentence)> tell = [](const str&) {};  // to people; from any thread
};

/// The images of this host for the loop of the sandbox: nothing here blocks it. One pull of the same image at a time,
/// however many wait for it, and a few pulls at once.
class Puller {
 public:
  Puller(reactor::Loop&, PullerSettings);
  Puller(const Puller&) = delete;
  Puller& operator=(const Puller&) = delete;
  ~Puller();
  Outcome<> open();

  /// Unpacked, and kept as long as the task holds it.
  reactor::Co<Outcome<Image>> image(str reference, opt<Credential> credential, str task_id);
  /// Blocks, briefly. The task is gone.
  void release(const str& task_id) const { images_.store().release(task_id); }
  /// After a restart of the daemon: holders that nobody knows any more are forgotten, and half pulls go.
  void recover(const std::function<bool(const str& task_id)>& known);
  void end();

 private:
  struct Flight {
    std::vector<std::coroutine_handle<>> waiting;
    std::optional<Outcome<Image>> landed;
  };
  struct Landing;
  reactor::Co<void> fly(std::shared_ptr<Flight>, str key, str reference, opt<Credential>);
  reactor::Co<void> collect_now();
  void collect_later();
  [[nodiscard]] Outcome<> hold(const str& task_id, const str& digest);
  [[nodiscard]] ImageStore::Tell progress() const;

  reactor::Loop& loop_;
  PullerSettings settings_;
  ImageStore images_;
  std::map<str, std::shared_ptr<Flight>> flights_;  // by reference and who asks
  std::mutex holding_;
  bool ended_ = false;
  reactor::Loop::Timer timer_;
  reactor::Pool quick_, pulls_;  // last: their threads use what is above
};

}  // namespace utakata::images
