package hikyaku.app.config;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Lays what a file says over the defaults, and gathers what is wrong with it. */
final class Binder {
  /** A mistake at a key. */
  record Problem(List<String> path, String sentence) {}

  private final List<Problem> problems = new ArrayList<>();

  List<Problem> problems() {
    return problems;
  }

  /** The record with what the table says; where that is wrong, as it was. */
  Record bind(List<String> table, Record defaults, JsonNode tree) {
    Class<? extends Record> type = defaults.getClass();
    List<Key> keys = Key.in(table, defaults);
    refuseUnknown(table, keys, tree);
    Map<String, Object> values = new LinkedHashMap<>();
    for (Key key : keys) {
      JsonNode node = tree.get(key.path().getLast());
      values.put(key.component().getName(), node == null ? key.value() : value(key, node));
    }
    RecordComponent[] components = type.getRecordComponents();
    for (RecordComponent component : components) {
      values.computeIfAbsent(component.getName(), _ -> Key.read(component, defaults));
    }
    try {
      Constructor<? extends Record> constructor =
          type.getDeclaredConstructor(
              Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return constructor.newInstance(
          Arrays.stream(components).map(c -> values.get(c.getName())).toArray());
    } catch (InvocationTargetException refused) {
      if (refused.getCause() instanceof IllegalArgumentException wrong) {
        problems.add(new Problem(table, String.valueOf(wrong.getMessage())));
        return defaults;
      }
      throw new IllegalStateException("cannot make " + type, refused);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make " + type, e);
    }
  }

  private void refuseUnknown(List<String> table, List<Key> keys, JsonNode tree) {
    List<String> known = keys.stream().map(key -> key.path().getLast()).toList();
    for (String name : tree.propertyNames()) {
      if (!known.contains(name)) {
        List<String> path = new ArrayList<>(table);
        path.add(name);
        problems.add(
            new Problem(
                List.copyOf(path),
                "there is no key " + String.join(".", path) + nearest(table, name, known)));
      }
    }
  }

  private static String nearest(List<String> table, String name, List<String> known) {
    String prefix = table.isEmpty() ? "" : String.join(".", table) + ".";
    return known.stream()
        .min(java.util.Comparator.comparingInt(candidate -> distance(name, candidate)))
        .filter(candidate -> distance(name, candidate) <= Math.max(2, name.length() / 2))
        .map(candidate -> "; did you mean " + prefix + candidate + "?")
        .orElseGet(() -> "; here may be: " + String.join(", ", known));
  }

  /** How many characters to change, add or take away (Levenshtein). */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }

  private Object value(Key key, JsonNode node) {
    if (key.value() instanceof Record table) {
      if (node.isObject()) {
        return bind(key.path(), table, node);
      }
      problems.add(
          new Problem(
              key.path(),
              key.dotted() + " is a table; write [" + key.dotted() + "] and its keys under it"));
      return table;
    }
    try {
      return convert(key.component().getGenericType(), node);
    } catch (IllegalArgumentException wrong) {
      problems.add(new Problem(key.path(), key.dotted() + ": " + wrong.getMessage()));
      return key.value();
    }
  }

  private static Object convert(Type type, JsonNode node) {
    if (type instanceof ParameterizedType generic) {
      Type inner = generic.getActualTypeArguments()[0];
      if (generic.getRawType() == Optional.class) {
        return node.isString() && node.stringValue().isEmpty()
            ? Optional.empty()
            : Optional.of(convert(inner, node));
      }
      if (generic.getRawType() == Map.class) {
        Map<String, Object> map = new LinkedHashMap<>();
        expect(node.isObject(), "a table is wanted here");
        node.properties()
            .forEach(e ->
                map.put(e.getKey(), convert(generic.getActualTypeArguments()[1], e.getValue())));
        return Map.copyOf(map);
      }
      expect(node.isArray(), "a list is wanted, such as [\"…\", \"…\"]");
      List<Object> list = new ArrayList<>();
      node.forEach(element -> list.add(convert(inner, element)));
      return generic.getRawType() == List.class ? List.copyOf(list) : new LinkedHashSet<>(list);
    }
    return convertPlain((Class<?>) type, node);
  }

  private static Object convertPlain(Class<?> type, JsonNode node) {
    if (type == boolean.class || type == Boolean.class) {
      expect(node.isBoolean(), "true or false is wanted");
      return node.booleanValue();
    }
    if (type == long.class || type == Long.class) {
      return amount(node);
    }
    if (type == int.class || type == Integer.class) {
      long amount = amount(node);
      expect(
          amount <= Integer.MAX_VALUE || amount == Long.MAX_VALUE,
          "at most " + Integer.MAX_VALUE + " is possible");
      return (int) Math.min(amount, Integer.MAX_VALUE);
    }
    if (type == double.class) {
      expect(node.isNumber(), "a number is wanted");
      return node.doubleValue();
    }
    expect(node.isString(), "a text in quotes is wanted");
    return convertText(type, node.stringValue());
  }

  private static long amount(JsonNode node) {
    if (node.isString()) {
      return Values.amount(node.stringValue());
    }
    expect(node.isIntegralNumber() && node.canConvertToLong(), "a whole number is wanted");
    expect(node.longValue() >= 0, "a number below 0 is not possible");
    return node.longValue();
  }

  private static Object convertText(Class<?> type, String text) {
    if (type == String.class) {
      return text;
    }
    if (type == Duration.class) {
      return Values.duration(text);
    }
    if (type == Path.class) {
      return Path.of(text);
    }
    if (type.isEnum()) {
      @Nullable Object constant =
          Arrays.stream(type.getEnumConstants())
              .filter(candidate -> Values.name((Enum<?>) candidate).equals(text))
              .findFirst()
              .orElse(null);
      if (constant == null) {
        throw new IllegalArgumentException(
            "\""
                + text
                + "\" is none of "
                + Arrays.stream(type.getEnumConstants())
                    .map(candidate -> "\"" + Values.name((Enum<?>) candidate) + "\"")
                    .collect(Collectors.joining(", ")));
      }
      return constant;
    }
    return parse(type, text);
  }

  /** For a type of another package that has a static {@code parse(String)}. */
  private static Object parse(Class<?> type, String text) {
    try {
      return type.getMethod("parse", String.class).invoke(null, text);
    } catch (InvocationTargetException refused) {
      if (refused.getCause() instanceof IllegalArgumentException wrong) {
        throw wrong;
      }
      throw new IllegalStateException("cannot read a " + type, refused);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a component of a type that cannot be read: " + type, e);
    }
  }

  private static void expect(boolean holds, String sentence) {
    if (!holds) {
      throw new IllegalArgumentException(sentence);
    }
  }
}
