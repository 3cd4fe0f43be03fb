package hikyaku.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ModernJarsTest {
  @TempDir Path directory;

  private Path copyOfJar() throws Exception {
    Path jar =
        Path.of(CommandLine.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    return Files.copy(jar, directory.resolve(jar.getFileName()));
  }

  private static Map<String, byte[]> read(Path jar) throws IOException {
    Map<String, byte[]> entries = new TreeMap<>();
    try (JarFile opened = new JarFile(jar.toFile())) {
      for (JarEntry entry : Collections.list(opened.entries())) {
        try (InputStream in = opened.getInputStream(entry)) {
          entries.put(entry.getName(), in.readAllBytes());
        }
      }
    }
    return entries;
  }

  @Test
  void an_old_jar_is_rewritten_in_a_file_of_its_own_with_the_same_entries() throws Exception {
    Path jar = copyOfJar();
    Path link = directory.resolve("linked");
    Files.createLink(link, jar);
    Map<String, byte[]> before = read(jar);
    assertThat(ModernJars.isOld(jar)).isTrue();

    ModernJars.main(new String[] {directory.toString()});

    assertThat(ModernJars.isOld(jar)).isFalse();
    assertThat(ModernJars.isOld(link)).isTrue();
    Map<String, byte[]> after = read(jar);
    assertThat(after.keySet()).isEqualTo(before.keySet());
    after.forEach((name, octets) -> {
      if (!name.endsWith(".class")) {
        assertThat(octets).as(name).isEqualTo(before.get(name));
      }
    });
  }

  @Test
  void each_class_passes_the_verifier_and_the_library_works() throws Exception {
    Path jar = copyOfJar();
    ModernJars.rewrite(jar);
    List<String> verified = new ArrayList<>();
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {jar.toUri().toURL()}, ClassLoader.getPlatformClassLoader())) {
      for (String name : read(jar).keySet()) {
        if (name.endsWith(".class") && !name.equals("META-INF/versions/9/module-info.class")) {
          // To be initialized, a class is verified.
          String dotted = name.substring(0, name.length() - ".class".length()).replace('/', '.');
          assertThat(Class.forName(dotted, true, loader).getClassLoader()).isSameAs(loader);
          verified.add(dotted);
        }
      }
      assertThat(verified).hasSizeGreaterThan(150).contains("picocli.CommandLine");
      Class<?> spec = loader.loadClass("picocli.CommandLine$Model$CommandSpec");
      Object created = spec.getMethod("create").invoke(null);
      Class<?> commandLine = loader.loadClass("picocli.CommandLine");
      Object made = commandLine.getConstructor(Object.class).newInstance(created);
      Method parse = commandLine.getMethod("parseArgs", String[].class);
      Object result = parse.invoke(made, (Object) new String[0]);
      assertThat(result.getClass().getMethod("originalArgs").invoke(result)).isEqualTo(List.of());
    }
  }

  @Test
  void a_jar_of_today_is_left_as_it_is() throws Exception {
    Path jar = copyOfJar();
    ModernJars.rewrite(jar);
    byte[] once = Files.readAllBytes(jar);

    ModernJars.main(new String[] {directory.toString()});

    assertThat(Arrays.equals(Files.readAllBytes(jar), once)).isTrue();
  }
}
