#include "app/platform.hpp"

#include <filesystem>

#include "app/access_log_group.hpp"
#include "app/authority.hpp"
#include "app/live_tail.hpp"
#include "app/modules.hpp"
#include "app/prometheus.hpp"
#include "app/task_desk.hpp"
#include "balancer/balancer.hpp"
#include "base/text.hpp"
#include "reactor/random.hpp"
#include "reactor/wall_clock.hpp"
#include "sandbox/sandbox.hpp"
#include "services/ecs/module.hpp"
#include "services/logs/module.hpp"
#include "services/sts/public.hpp"
#include "shell/api_server.hpp"
#include "shell/log_desk.hpp"
#include "shell/metric_desk.hpp"
#include "shell/sessions.hpp"
#include "store/segment_log_store.hpp"
#include "store/sqlite_metric_store.hpp"
#include "store/sqlite_store.hpp"
#include "wire/json.hpp"

namespace utakata::app {
namespace {

using reactor::wall_clock;

// The body of /_utakata/fates.
struct Fates {
  list<balancer::FateRow> fates;
};
// The body of /_utakata/authority.
struct AuthorityPage {
  str certificate;  // PEM
};

// The body of /_utakata/balancer.
struct BalancerPage {
  str address;  // that load balancers' listeners share, where their names lead
};

std::string journal_of(const ServeSettings& settings) { return settings.state_dir + "/journal.db"; }

// Also when the program's file was replaced since.
bool is_utakata(int process) {
  std::error_code error;
  const std::string program = std::filesystem::read_symlink(cat("/proc/", process, "/exe"), error).filename();
  return program == "utakata" || program == "utakata (deleted)";
}

// A tool that reads the journal locks it, too.
std::unexpected<Fault> in_use(const ServeSettings& settings, std::optional<int> process) {
  const std::string who =
      !process ? cat("another process holds the journal ", journal_of(settings))
      : is_utakata(*process)
          ? cat("another utakata serve (process ", *process, ") uses the state folder ", settings.state_dir)
          : cat("process ", *process, " holds the journal ", journal_of(settings));
  return refuse("InUse", cat(who, ": stop that one first, or give this one a folder of its own by --state"));
}

class Running final : public Platform {
 public:
  Running(reactor::Loop& loop, const ServeSettings& settings, Log log, std::unique_ptr<ports::JournalStore> store,
          std::uint64_t seed)
      : loop_(loop),
        settings_(settings),
        log_(std::move(log)),
        store_(std::move(store)),
        cookie_secret_(cat("cookies ", seed)),
        machine_(seed, modules()),
        desk_(loop, [this]() -> shell::Engine& { return *engine_; }) {}

  Outcome<> begin(int listener, std::uint64_t sequence) {
    machine_.resume_after(sequence);
    logs_ = TRY(store::SegmentLogStore::open(logs_dir()));
    TRY_VOID(open_metrics());
    metric_desk_ = std::make_unique<shell::MetricDesk>(loop_, *metrics_, log_);
    engine_ = std::make_unique<shell::Engine>(machine_, *store_, sequence, surroundings());
    live_tails_ = std::make_unique<LiveTails>(loop_, *engine_);
    log_desk_ = std::make_unique<shell::LogDesk>(
        loop_, *logs_, settings_.log_space, [this](Report report) { engine_->report(std::move(report)); }, log_);
    sandbox_ = TRY(sandbox::Sandbox::open(sandbox_settings(reactor::local_port(listener)), sink()));
    if (!settings_.access_log_group.empty())
      access_log_group_ = std::make_unique<AccessLogGroup>(loop_, *engine_, settings_.access_log_group, log_);
    balancer_ = std::make_unique<balancer::Balancer>(balancer_settings(), sink(), sandbox_.get());
    authority_ = TRY(Authority::open(settings_.state_dir, sink()));
    sessions_ =
        std::make_unique<shell::Sessions>(shell::Sessions::Surroundings{.loop = loop_,
                                                                        .engine = *engine_,
                                                                        .open_session = ecs::open_session_operation,
                                                                        .close_session = ecs::close_session_operation,
                                                                        .logs_dir = settings_.state_dir + "/sessions",
                                                                        .runner = *sandbox_,
                                                                        .tell = log_});
    api_ = std::make_unique<shell::ApiServer>(
        loop_, listener, dispatcher(), *engine_, [this](std::string_view path) { return page(path); }, streams(),
        upgrade());
    engine_->report(CapacityReport{.cpu_units = settings_.cpu_units,
                                   .memory_mib = settings_.memory_mib,
                                   .host_paths = !settings_.host_paths.empty(),
                                   .efs = !settings_.efs.empty(),
                                   .s3 = !settings_.s3.empty()});
    engine_->report(
        RegistryReport{.address = settings_.image_sources.ecr_registry,
                       .insecure = settings_.image_sources.is_insecure(settings_.image_sources.ecr_registry),
                       .user_name = settings_.ecr_login.user_name,
                       .password = settings_.ecr_login.password});
    engine_->report(PublicBlockReport{.cidr = settings_.public_block});
    sandbox_->recover();
    return {};
  }

  void stop() override {
    api_.reset();
    sessions_.reset();
    balancer_.reset();
    access_log_group_.reset();
    authority_.reset();
    if (settings_.keep_tasks_at_exit)
      sandbox_.reset();
    else
      sandbox_->stop_all();
    log_desk_.reset();
    metric_desk_.reset();
    engine_.reset();
  }

  [[nodiscard]] Machine& machine() { return machine_; }

 private:
  [[nodiscard]] std::string logs_dir() const { return settings_.state_dir + "/logs"; }

  [[nodiscard]] sandbox::Settings sandbox_settings(int port) {
    const std::string host = settings_.listen.host == "0.0.0.0" ? "127.0.0.1" : settings_.listen.host;
    return {.state_dir = settings_.state_dir + "/sandbox",
            .images_dir = settings_.images_dir,
            .runtime = settings_.runtime,
            .supervisor = {},
            .sources = settings_.image_sources,
            .collect = settings_.image_rules,
            .stand_ins = {.host_paths = settings_.host_paths, .efs = settings_.efs, .s3 = settings_.s3},
            .egress = settings_.egress,
            .dns = settings_.dns,
            .own_users = settings_.own_users,
            .logs_dir = logs_dir(),
            .logs = logs_.get(),
            .tell = log_,
            .desk = &desk_,
            .api_address = settings_.task_endpoint ? cat(host, ":", port) : std::string()};
  }

  Outcome<> open_metrics() {
    const std::string file = settings_.state_dir + "/metrics.db";
    auto opened = store::SqliteMetricStore::open(file);
    if (!opened)
      return refuse("ServiceUnavailable",
                    cat(file, ": ", opened.error().message, "; without that file, the metrics begin anew"), 503);
    metrics_ = *std::move(opened);
    return {};
  }

  [[nodiscard]] balancer::Settings balancer_settings() {
    balancer::LogFilesSettings logs{
        .buckets = settings_.s3.empty() ? settings_.state_dir + "/s3" : settings_.s3,
        // Beside the buckets, so that a file gets into them by its name alone.
        .open = settings_.s3.empty() ? settings_.state_dir + "/access-logs" : settings_.s3 + "/.utakata-access-logs",
        .tell = [this](const std::string& line) { loop_.post([this, line] { log_(line); }); }};
    if (access_log_group_)
      logs.also = [group = access_log_group_.get()](const balancer::LogSource& source, const std::string& lines) {
        group->add(source, lines);
      };
    return {.listen_address = settings_.balancer_address,
            .cookie_secret = cookie_secret_,
            .access_logs = std::move(logs),
            .metrics = [this](list<MetricSample> samples) { metric_desk_->record(std::move(samples)); }};
  }

  wire::Dispatcher dispatcher() {
    wire::DispatchOptions options;
    options.auth.credentials = settings_.credentials;
    options.auth.sessions = [this](std::string_view access_key) { return find_session(access_key); };
    return {services(), options};
  }

  std::optional<wire::Credential> find_session(std::string_view access_key) {
    return machine_.read(engine_->now(), [&](const Tx& tx) -> std::optional<wire::Credential> {
      const auto session = sts::find_session(tx, access_key);
      if (!session) return {};
      return wire::Credential{.secret = session->secret,
                              .account = session->account,
                              .token = session->token,
                              .expires_at = session->expires_at};
    });
  }

  shell::ApiServer::Streams streams() {
    return [this](const Operation& operation, const World& world, const void* output) -> Outcome<http::Pieces> {
      if (&operation != logs::service.find("StartLiveTail")) return http::Pieces();
      return live_tails_->begin(world, *static_cast<const logs::api::StartLiveTailResponse*>(output));
    };
  }

  http::Upgrade upgrade() {
    return [this](http::Request request, reactor::TcpStream& stream, std::string arrived) {
      return sessions_->upgrade(std::move(request), stream, std::move(arrived));
    };
  }

  // What the runtime knows comes first; only then is everything looked at again.
  ports::ReportSink sink() {
    return [this](Report report) {
      const bool inventory = std::holds_alternative<InventoryReport>(report);
      if (const auto* balancer = std::get_if<BalancerReport>(&report); balancer && !balancer->reason.empty())
        loop_.post(
            [this, line = cat(balancer->arn, " is ", balancer->state.name(), ": ", balancer->reason)] { log_(line); });
      engine_->report(std::move(report));
      if (inventory)
        loop_.post([this] {
          engine_->recovered();
          sessions_->deliver_left();
          ready_ = true;
        });
    };
  }

  shell::Surroundings surroundings() {
    return {.clock = wall_clock,
            .post = [this](std::function<void()> work) { loop_.post(std::move(work)); },
            .wake_at = [this](Instant at) { wake_at(at); },
            .perform = [this](const Effect& effect) { perform(effect); },
            .journal_failed = [this](const Fault& fault) { log_(cat(fault.message, "; trying again each second")); },
            .ask =
                [this](Question question, shell::LogDesk::Done done) {
                  if (shell::MetricDesk::answers(question))
                    return metric_desk_->ask(std::move(question), std::move(done));
                  log_desk_->ask(std::move(question), std::move(done));
                }};
  }

  void wake_at(Instant at) {
    loop_.cancel(tick_);
    tick_ = loop_.after(std::max(at - wall_clock(), Duration{}), [this] { engine_->tick(); });
  }

  void perform(const Effect& effect) {
    struct Perform {
      Running& platform;
      void operator()(const StartTask& start) const { platform.sandbox_->start(start.spec); }
      void operator()(const StopTask& stop) const { platform.sandbox_->stop(stop.task_arn); }
      void operator()(const KillTask& kill) const { platform.sandbox_->kill(kill.task_arn); }
      void operator()(const ConfigureBalancer& configure) const { platform.balancer_->configure(configure.config); }
      void operator()(const RemoveBalancer& remove) const { platform.balancer_->remove(remove.arn); }
      void operator()(const StoreLog& store) const { platform.log_desk_->perform(store); }
      void operator()(const ExpireLogs& expire) const { platform.log_desk_->perform(expire); }
      void operator()(const RemoveLogs& remove) const { platform.log_desk_->perform(remove); }
      void operator()(const ConfigureVpcs& all) const { platform.sandbox_->configure(all); }
      void operator()(const ChangeVpc& change) const { platform.sandbox_->change(change); }
      void operator()(const IssueCertificate& issue) const { platform.authority_->issue(issue); }
    };
    std::visit(Perform{*this}, effect);
  }

  std::optional<shell::ApiServer::Page> page(std::string_view target) {
    using Page = shell::ApiServer::Page;
    const std::string_view path = target.substr(0, target.find('?'));
    if (path == "/_utakata/fates") return Page{wire::write_json(Fates{balancer_->fates()})};
    if (path == "/_utakata/authority") return Page{wire::write_json(AuthorityPage{authority_->certificate()})};
    if (path == "/_utakata/balancer") return Page{wire::write_json(BalancerPage{settings_.balancer_address})};
    if (path == "/_utakata/ready" && ready_) return Page{"{\"ready\":true}"};
    if (path == "/metrics")
      return Page{prometheus_page(balancer_->meters(),
                                  {.engine = engine_->state(), .tasks = sandbox_->task_count(), .ready = ready_}),
                  prometheus_content_type};
    return {};
  }

  reactor::Loop& loop_;
  ServeSettings settings_;
  Log log_;
  std::unique_ptr<ports::JournalStore> store_;
  std::string cookie_secret_;  // the same after a restart, so that clients stay with their targets
  Machine machine_;
  TaskDesk desk_;  // outlives the sandbox, whose tasks ask it
  std::unique_ptr<shell::Engine> engine_;
  std::unique_ptr<LiveTails> live_tails_;
  std::unique_ptr<store::SegmentLogStore> logs_;  // used by threads of the sandbox and of the desk
  std::unique_ptr<shell::LogDesk> log_desk_;
  std::unique_ptr<store::SqliteMetricStore> metrics_;
  std::unique_ptr<shell::MetricDesk> metric_desk_;
  std::unique_ptr<sandbox::Sandbox> sandbox_;
  std::unique_ptr<AccessLogGroup> access_log_group_;  // null: none was asked for
  std::unique_ptr<balancer::Balancer> balancer_;
  std::unique_ptr<Authority> authority_;
  std::unique_ptr<shell::Sessions> sessions_;
  std::unique_ptr<shell::ApiServer> api_;
  reactor::Loop::Timer tick_;
  bool ready_ = false;
};

}  // namespace

Outcome<> Platform::preflight(const ServeSettings& settings) {
  // Before the addresses: a second daemon would hear of the first one's port only.
  if (const auto process = store::SqliteStore::holder(journal_of(settings))) return in_use(settings, process);
  return sandbox::preflight(settings.runtime);
}

Outcome<std::unique_ptr<Platform>> Platform::start(reactor::Loop& loop, int listener, const ServeSettings& settings,
                                                   Log log) {
  const std::string journal = journal_of(settings);
  auto opened = store::SqliteStore::open(journal, reactor::random_number());
  if (!opened && opened.error().code == "InUse") return in_use(settings, store::SqliteStore::holder(journal));
  auto store = TRY(std::move(opened));
  // The seed is in the store's head, which is read together with the rows: they wait here for the machine.
  struct Row {
    std::string table;
    Key key;
    std::string row;
  };
  std::vector<Row> rows;
  const auto head = TRY(store->load([&](std::string_view table, const Key& key, std::string_view row) -> Outcome<> {
    rows.push_back({std::string(table), key, std::string(row)});
    return {};
  }));
  auto running = std::make_unique<Running>(loop, settings, std::move(log), std::move(store), head.seed);
  for (const Row& row : rows)
    if (const auto loaded = running->machine().load(row.table, row.key, row.row); !loaded)
      return refuse("ServiceUnavailable",
                    cat("the journal ", journal, " cannot be taken over: ", loaded.error().message,
                        "; start the version of utakata that wrote it, or begin anew with another --state folder"),
                    503);
  TRY_VOID(running->begin(listener, head.sequence));
  return running;
}

}  // namespace utakata::app
