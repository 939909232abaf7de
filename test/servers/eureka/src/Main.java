package eureka;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cloud.netflix.eureka.server.EnableEurekaServer;

/** The server as Spring Cloud has it, with nothing of ours. */
@SpringBootApplication
@EnableEurekaServer
public class Main {
  public static void main(String[] args) {
    SpringApplication.run(Main.class, args);
  }
}
