package hikyaku.app.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * A key of the configuration, with the value that a configuration has for it.
 *
 * @param path names of the tables that it stands in, and its own
 * @param component what declares it
 * @param value never null
 */
public record Key(List<String> path, RecordComponent component, Object value) {
  /** Components that are no keys: {@link Configuration#withHostname} fills them in. */
  private static final String HOST_NAME = "hostName";

  /** The keys of a record in order of declaration, tables included and before their keys. */
  public static List<Key> of(Record configuration) {
    List<Key> keys = new ArrayList<>();
    collect(List.of(), configuration, keys);
    return keys;
  }

  private static void collect(List<String> table, Record configuration, List<Key> keys) {
    for (Key key : in(table, configuration)) {
      keys.add(key);
      if (key.value instanceof Record inner) {
        collect(key.path, inner, keys);
      }
    }
  }

  /** The keys of one table: plain ones first, as TOML needs them, then the tables in it. */
  static List<Key> in(List<String> table, Record configuration) {
    List<Key> plain = new ArrayList<>();
    List<Key> tables = new ArrayList<>();
    for (RecordComponent component : configuration.getClass().getRecordComponents()) {
      if (component.getName().equals(HOST_NAME)) {
        continue;
      }
      List<String> path = new ArrayList<>(table);
      path.add(name(component));
      Key key = new Key(List.copyOf(path), component, read(component, configuration));
      (key.isTable() ? tables : plain).add(key);
    }
    plain.addAll(tables);
    return plain;
  }

  /** Whether it is a table of further keys. */
  public boolean isTable() {
    return value instanceof Record;
  }

  /** The whole key with dots, as in {@code listen.imap.port}. */
  public String dotted() {
    return String.join(".", path);
  }

  static String name(RecordComponent component) {
    return component
        .getName()
        .replaceAll("([A-Z]+|[0-9]+(?=[A-Z]))", "-$1")
        .toLowerCase(Locale.ROOT);
  }

  static Object read(RecordComponent component, Record configuration) {
    try {
      component.getAccessor().setAccessible(true);
      return Objects.requireNonNull(
          component.getAccessor().invoke(configuration), component.getName());
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("a record that does not let itself be read: " + component, e);
    }
  }
}
