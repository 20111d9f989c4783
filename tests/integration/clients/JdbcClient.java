// What a program does with clickhouse-jdbc, against the store at args[0]. Prints NAME=VALUE lines.
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

public class JdbcClient {
  static String url;

  static void say(String name, Object value) {
    System.out.println(name + "=" + String.valueOf(value).replace('\n', ' '));
  }

  static Connection open(String... options) throws SQLException {
    Properties properties = new Properties();
    for (int i = 0; i < options.length; i += 2) properties.setProperty(options[i], options[i + 1]);
    return DriverManager.getConnection(url, properties);
  }

  static String value(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
      return rows.next() ? rows.getString(1) : "none";
    }
  }

  static List<String> column(ResultSet rows, String name) throws SQLException {
    List<String> out = new ArrayList<>();
    while (rows.next()) out.add(rows.getString(name));
    return out;
  }

  static void insert(Connection connection, int from) throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement("INSERT INTO java (n, name) VALUES (?, ?)")) {
      for (int i = from; i < from + 1000; i++) {
        insert.setInt(1, i);
        insert.setString(2, "row " + i);
        insert.addBatch();
      }
      insert.executeBatch();
    }
  }

  static void error(String name, Connection connection, String sql) {
    try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
      }
      say(name, "no error");
    } catch (SQLException error) {
      say(name, error.getErrorCode() + " " + error.getMessage());
    }
  }

  public static void main(String[] args) throws Exception {
    url = "jdbc:clickhouse:" + args[0];
    try (Connection plain = open()) {
      say("version", plain.getMetaData().getDatabaseProductVersion());
      try (Statement statement = plain.createStatement()) {
        statement.execute("CREATE TABLE java (n UInt32, name String) ENGINE = MergeTree ORDER BY n");
      }
      insert(plain, 0);
      // As tools show what there is.
      say("tables", column(plain.getMetaData().getTables(null, "default", "%", null), "TABLE_NAME"));
      say("columns", column(plain.getMetaData().getColumns(null, "default", "java", "%"), "COLUMN_NAME"));
      try (PreparedStatement select = plain.prepareStatement("SELECT name FROM java WHERE n < ? ORDER BY n")) {
        select.setInt(1, 2);
        say("parameters", column(select.executeQuery(), "name"));
      }
      int many = 0;
      try (Statement statement = plain.createStatement();
           ResultSet rows = statement.executeQuery("SELECT number, toString(number) FROM numbers(500000)")) {
        while (rows.next()) many++;
      }
      say("many", many);
      error("unknown table", plain, "SELECT * FROM nope");
      error("syntax", plain, "SELECT 1 FROM");
      error("late", plain, "SELECT number, throwIf(number = 2500000, 'too late') FROM numbers(3000000)");
    }
    // Every way in which it compresses besides.
    int from = 1000;
    for (String[] options : new String[][] {{"decompress", "true"}, {"compress", "false"},
                                            {"decompress", "true", "client.use_http_compression", "true"}}) {
      try (Connection connection = open(options)) {
        insert(connection, from);
        from += 1000;
        say("rows " + String.join(" ", options), value(connection, "SELECT count() FROM java"));
      }
    }
    try (Connection connection = open()) {
      say("sum", value(connection, "SELECT sum(n) FROM java"));
    }
    try (Connection wrong = open("user", "default", "password", "wrong")) {
      say("refused", value(wrong, "SELECT 1"));
    } catch (SQLException error) {
      say("refused", error.getErrorCode() + " " + error.getMessage());
    }
  }
}
