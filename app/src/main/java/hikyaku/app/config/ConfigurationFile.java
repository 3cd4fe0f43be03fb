package hikyaku.app.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.toml.TomlMapper;

/** Reads configuration files. */
public final class ConfigurationFile {
  private static final TomlMapper TOML = new TomlMapper();

  private ConfigurationFile() {}

  /** The configuration that a file and, for all it does not say, the defaults make. */
  public static Configuration read(Path file) throws ConfigurationException {
    String text;
    try {
      text = Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(List.of(file + ": there is no such file"));
    } catch (CharacterCodingException e) {
      throw new ConfigurationException(List.of(file + ": this is not UTF-8 text"));
    } catch (IOException e) {
      throw new ConfigurationException(List.of(file + " cannot be read: " + e.getMessage()));
    }
    return parse(file.toString(), text);
  }

  /**
   * Reads a configuration from text.
   *
   * @param name of the file, for messages
   */
  static Configuration parse(String name, String text) throws ConfigurationException {
    JsonNode tree;
    try {
      tree = TOML.readTree(text);
    } catch (JacksonException e) {
      throw new ConfigurationException(
          List.of(
              name
                  + ":"
                  + Math.max(1, e.getLocation().getLineNr())
                  + ": not TOML: "
                  + e.getOriginalMessage()));
    }
    Binder binder = new Binder();
    Record configuration = binder.bind(List.of(), Configuration.DEFAULTS, tree);
    if (!binder.problems().isEmpty()) {
      KeyLines lines = new KeyLines(text);
      throw new ConfigurationException(
          binder.problems().stream()
              .sorted(Comparator.comparingInt(problem -> lines.line(problem.path())))
              .map(problem -> name + ":" + lines.line(problem.path()) + ": " + problem.sentence())
              .toList());
    }
    return (Configuration) configuration;
  }

  /**
   * A file's text with some settings laid over it: where both say something, they win.
   *
   * @param file that can be read as a configuration
   * @param over as in a file
   */
  public static String laidOver(Path file, String over) throws IOException {
    JsonNode tree = TOML.readTree(Files.readString(file));
    lay(TOML.readTree(over), (ObjectNode) tree);
    return TOML.writeValueAsString(tree);
  }

  private static void lay(JsonNode over, ObjectNode under) {
    for (Map.Entry<String, JsonNode> each : over.properties()) {
      if (each.getValue() instanceof ObjectNode table
          && under.get(each.getKey()) instanceof ObjectNode there) {
        lay(table, there);
      } else {
        under.set(each.getKey(), each.getValue());
      }
    }
  }

  /** A configuration as a file that says all of it. */
  public static String write(Configuration configuration) {
    StringBuilder text = new StringBuilder();
    for (Key key : Key.of(configuration)) {
      if (key.isTable()) {
        text.append(text.isEmpty() ? "" : "\n").append('[').append(key.dotted()).append("]\n");
      } else {
        text.append(key.path().getLast())
            .append(" = ")
            .append(Values.toToml(key.value()))
            .append('\n');
      }
    }
    return text.toString();
  }
}
