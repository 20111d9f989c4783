#include "query/grafana.hpp"

#include <iterator>
#include <nlohmann/json.hpp>

#include "sluice/util/version.hpp"
#include "util/one_line.hpp"

namespace sluice::query {
namespace {

using nlohmann::json;
using Done = Result<void, std::string>;
template <class T>
using Or = Result<T, std::string>;

/// A data source of Grafana's, in the order of Database.
struct SourceFacts {
  const char* plugin;
  const char* uid;
  const char* name;
  bool comes_along;  ///< with Grafana
};
constexpr SourceFacts kSources[] = {
    {"grafana-clickhouse-datasource", "sluice-clickhouse", "Sluice ClickHouse", false},
    {"grafana-postgresql-datasource", "sluice-postgres", "Sluice PostgreSQL", true},
    {"mysql", "sluice-mysql", "Sluice MySQL", true},
};
static_assert(std::size(kSources) == kDatabases.size());

constexpr int kOldestPostgres = 1300;  // as Grafana writes 13

/// What another program says, or names.
std::string plain(std::string text) { return one_line(std::move(text)).substr(0, 200); }

/// What Grafana says of a refusal; empty where it says nothing.
std::string message_of(const Reply& reply) {
  const json body = json::parse(reply.body, nullptr, false);
  if (!body.is_object()) return "";
  const auto found = body.find("message");
  return found != body.end() && found->is_string() ? plain(found->get<std::string>()) : "";
}

/// True where all that is wanted is there with the same value; what Grafana adds is its own.
bool holds(const json& there, const json& wanted) {
  if (!wanted.is_object()) return there == wanted;
  if (!there.is_object()) return false;
  for (const auto& [name, value] : wanted.items())
    if (const auto found = there.find(name); found == there.end() || !holds(*found, value)) return false;
  return true;
}

/// What a name is in a URL's path: uids have letters, digits, '-' and '_', as Grafana demands.
bool is_uid(const std::string& text) {
  if (text.empty() || text.size() > 40) return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
      return false;
  return true;
}

class Session {
 public:
  Session(const GrafanaSetup& setup, const Told& told) : setup_(setup), told_(told) {}

  Done run() {
    if (auto done = check_plugin(); !done) return done;
    for (const json& source : {database(), prometheus()})
      if (auto done = put_data_source(source); !done) return done;
    const auto folder = find_or_make_folder();
    if (!folder) return failure(folder.error());
    for (const Dashboard& dashboard : setup_.dashboards)
      if (auto done = put_dashboard(dashboard, *folder); !done) return done;
    return {};
  }

 private:
  struct Answer {
    int status = 0;
    json body = {};
    std::string message = {};
  };

  /// Answers that mean the same for whatever was asked are errors here; 404, 409, 412 and the like are not.
  Or<Answer> ask(const char* method, const std::string& target, const std::string& thing,
                 const json& body = nullptr) {
    const auto reply = exchange(setup_.grafana,
                                {.method = method,
                                 .target = target,
                                 .token = setup_.token,
                                 .body = body.is_null() ? "" : body.dump()},
                                setup_.trust);
    if (!reply) return failure(reply.error().text);
    Answer answer{.status = reply->status,
                  .body = json::parse(reply->body, nullptr, false),
                  .message = message_of(*reply)};
    const std::string where = setup_.grafana.to_string();
    if (answer.status == 401)
      return failure("Grafana at " + where +
                     " does not know the token; make one of a service account with the role Admin");
    if (answer.status == 403)
      return failure("the token may not do this: " + thing + "; its service account needs the role Admin" +
                     said(answer));
    if (answer.status == 200 && answer.body.is_discarded())
      return failure("what answers at " + where + " is no Grafana: " + thing + " got no JSON");
    return answer;
  }

  static std::string said(const Answer& answer) {
    return answer.message.empty() ? "" : " (Grafana says: " + answer.message + ")";
  }

  static std::string refused(const std::string& thing, const Answer& answer) {
    return thing + ": Grafana answers with status " + std::to_string(answer.status) + said(answer);
  }

  Done check_plugin() {
    const std::string plugin = facts().plugin;
    const auto answer = ask("GET", "/api/plugins/" + plugin + "/settings", "asking for the plugin");
    if (!answer) return failure(answer.error());
    if (answer->status == 200 && answer->body.is_object() && answer->body.contains("id")) return {};
    if (answer->status != 404 && answer->status != 200)
      return failure(refused("asking for the plugin", *answer));
    if (answer->message.empty())
      return failure("what answers at " + setup_.grafana.to_string() +
                     " is no Grafana: it has no /api/plugins");
    return failure("Grafana lacks the data source plugin " + plugin +
                   (facts().comes_along ? ", which comes with Grafana 10.4 and newer"
                                        : "; install it with `grafana cli plugins install " + plugin +
                                              "` and restart Grafana"));
  }

  const SourceFacts& facts() const { return kSources[static_cast<std::size_t>(setup_.database)]; }

  json clickhouse() const {
    return {{"jsonData",
             {{"host", setup_.clickhouse.host},
              {"port", std::stoi(setup_.clickhouse.port)},
              {"protocol", "http"},
              {"secure", setup_.clickhouse.tls},
              {"path", setup_.clickhouse.path == "/" ? "" : setup_.clickhouse.path},
              {"username", setup_.login.user},
              {"defaultDatabase", "sluice"}}}};
  }

  /// PostgreSQL or MySQL, whose columns of time are in UTC.
  json other_database() const {
    json own = setup_.database == Database::postgres
                   ? json{{"sslmode", setup_.tls}, {"postgresVersion", kOldestPostgres}}
                   : json{{"timezone", "+00:00"}};
    own["database"] = setup_.database_name;
    return {{"url", setup_.server}, {"user", setup_.login.user}, {"jsonData", std::move(own)}};
  }

  json database() const {
    json out = setup_.database == Database::clickhouse ? clickhouse() : other_database();
    out.update({{"uid", facts().uid}, {"name", facts().name}, {"type", facts().plugin}, {"access", "proxy"}});
    if (!setup_.login.password.empty()) out["secureJsonData"] = {{"password", setup_.login.password}};
    return out;
  }

  json prometheus() const {
    return {{"uid", "sluice-prometheus"},   {"name", "Sluice Prometheus"},
            {"type", "prometheus"},         {"access", "proxy"},
            {"url", setup_.prometheus_url}, {"jsonData", {{"httpMethod", "POST"}, {"timeInterval", "15s"}}}};
  }

  Done put_data_source(const json& wanted) {
    const std::string name = wanted["name"], thing = "data source " + name;
    const std::string by_uid = "/api/datasources/uid/" + wanted["uid"].get<std::string>();
    const auto there = ask("GET", by_uid, thing);
    if (!there) return failure(there.error());
    if (there->status != 200 && there->status != 404) return failure(refused(thing, *there));
    if (there->status == 200 && there->body.value("readOnly", false)) {
      told_(thing, "left alone, it is provisioned by a file");
      return {};
    }
    if (there->status == 200 && !wanted.contains("secureJsonData") && holds(there->body, wanted)) {
      told_(thing, "unchanged");
      return {};
    }
    json body = wanted;
    // What an administrator set besides stays: Grafana puts the whole of it in place of what was there.
    if (there->status == 200) {
      for (const char* kept : {"isDefault", "basicAuth", "basicAuthUser", "withCredentials"})
        if (const auto found = there->body.find(kept); found != there->body.end()) body[kept] = *found;
      if (const auto found = there->body.find("jsonData"); found != there->body.end() && found->is_object()) {
        body["jsonData"] = *found;
        body["jsonData"].update(wanted["jsonData"]);
      }
    }
    const auto put =
        there->status == 200 ? ask("PUT", by_uid, thing, body) : ask("POST", "/api/datasources", thing, body);
    if (!put) return failure(put.error());
    if (put->status == 409)
      return failure("Grafana has another data source by the name " + name + "; rename it or remove it");
    if (put->status / 100 != 2) return failure(refused(thing, *put));
    told_(thing, there->status == 200 ? "updated" : "made");
    return {};
  }

  /// The folder's uid.
  Or<std::string> find_or_make_folder() {
    const std::string thing = "folder " + setup_.folder;
    const auto list = ask("GET", "/api/folders?limit=1000", thing);
    if (!list) return failure(list.error());
    if (list->status != 200 || !list->body.is_array()) return failure(refused(thing, *list));
    for (const json& folder : list->body)
      if (folder.is_object() && folder.value("title", "") == setup_.folder) {
        told_(thing, "unchanged");
        return folder.value("uid", "");
      }
    const auto made = ask("POST", "/api/folders", thing, {{"title", setup_.folder}});
    if (!made) return failure(made.error());
    if (made->status / 100 != 2 || !made->body.is_object()) return failure(refused(thing, *made));
    told_(thing, "made");
    return made->body.value("uid", "");
  }

  Done put_dashboard(const Dashboard& dashboard, const std::string& folder) {
    json model = json::parse(dashboard.json, nullptr, false);
    if (!model.is_object() || !model.contains("uid") || !model["uid"].is_string() || !is_uid(model["uid"]))
      return failure(dashboard.file + " is no dashboard: it is no JSON object with a uid");
    const std::string uid = model["uid"], thing = "dashboard " + plain(model.value("title", uid));
    // Numbers that Grafana gives itself.
    model.erase("id");
    model.erase("version");
    const auto there = ask("GET", "/api/dashboards/uid/" + uid, thing);
    if (!there) return failure(there.error());
    if (there->status != 200 && there->status != 404) return failure(refused(thing, *there));
    if (there->status == 200 && is_unchanged(there->body, model, folder)) {
      told_(thing, "unchanged");
      return {};
    }
    const json body = {{"dashboard", model},
                       {"folderUid", folder},
                       {"overwrite", true},
                       {"message", "sluice " + std::string(version().version)}};
    const auto put = ask("POST", "/api/dashboards/db", thing, body);
    if (!put) return failure(put.error());
    if (put->status == 400 && put->message.find("provisioned") != std::string::npos) {
      told_(thing, "left alone, it is provisioned by a file");
      return {};
    }
    if (put->status / 100 != 2) return failure(refused(thing, *put));
    told_(thing, there->status == 200 ? "updated" : "made");
    return {};
  }

  static bool is_unchanged(const json& there, const json& model, const std::string& folder) {
    const json meta = there.value("meta", json::object());
    return holds(there.value("dashboard", json::object()), model) && meta.is_object() &&
           meta.value("folderUid", "") == folder;
  }

  const GrafanaSetup& setup_;
  const Told& told_;
};

}  // namespace

Result<void, std::string> set_up(const GrafanaSetup& setup, const Told& told) {
  try {
    return Session(setup, told).run();
  } catch (const json::exception&) {
    return failure("what answers at " + setup.grafana.to_string() +
                   " is no Grafana: its JSON is not of Grafana's form");
  }
}

}  // namespace sluice::query
