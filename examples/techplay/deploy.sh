#!/bin/bash
# deploy.sh graceful|careless
#
# Deploys the example with the plain aws command; run again, also with the other variant, it updates what is there.
#
#   AWS_ENDPOINT_URL, credentials, region   as `utakata env` prints them
#   TECHPLAY_PORT                           the load balancer's port (8080)
#   TECHPLAY_TASKS                          tasks of each service (6)
set -euo pipefail

case ${1:-} in
  graceful | careless) variant=$1 ;;
  *) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
port=${TECHPLAY_PORT:-8080}
tasks=${TECHPLAY_TASKS:-6}
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-ap-northeast-1}}
export AWS_DEFAULT_REGION=$region AWS_PAGER=

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

say() { echo "deploy: $*" >&2; }

# Debian 12's aws does not read AWS_ENDPOINT_URL itself.
aws() { command aws ${AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"} --output text "$@"; }

# The same, for what may be there already or not at all: the named error passes silently, any other one ends the script.
aws_but() {
  local error=$1
  shift
  aws "$@" 2>"$tmp/error" || grep -q "($error)" "$tmp/error" || {
    cat "$tmp/error" >&2
    return 1
  }
}

# Text output says None for a missing value.
known() { [ -n "$1" ] && [ "$1" != None ]; }

json_list() { printf '"%s",' "$@" | sed 's/,$//'; }

find_network() {
  vpc=$(aws ec2 describe-vpcs --filters Name=is-default,Values=true --query 'Vpcs[0].VpcId')
  known "$vpc" || { say "there is no default VPC in $region"; exit 1; }
  read -ra subnets <<<"$(aws ec2 describe-subnets --filters "Name=vpc-id,Values=$vpc" --query 'Subnets[].SubnetId')"
}

# security_group NAME DESCRIPTION INGRESS: leaves the id in $group.
security_group() {
  group=$(aws ec2 describe-security-groups --filters "Name=vpc-id,Values=$vpc" "Name=group-name,Values=$1" \
    --query 'SecurityGroups[0].GroupId')
  if ! known "$group"; then
    group=$(aws ec2 create-security-group --group-name "$1" --description "$2" --vpc-id "$vpc" --query GroupId)
  fi
  aws_but InvalidPermission.Duplicate ec2 authorize-security-group-ingress --group-id "$group" \
    --ip-permissions "$3" >/dev/null
}

make_security_groups() {
  security_group techplay-lb 'techplay: load balancer' \
    "IpProtocol=tcp,FromPort=$port,ToPort=$port,IpRanges=[{CidrIp=0.0.0.0/0}]"
  lb_group=$group
  security_group techplay-front 'techplay: front' \
    "IpProtocol=tcp,FromPort=3000,ToPort=3000,UserIdGroupPairs=[{GroupId=$lb_group}]"
  front_group=$group
  security_group techplay-api 'techplay: api' \
    "IpProtocol=tcp,FromPort=80,ToPort=80,UserIdGroupPairs=[{GroupId=$lb_group}]"
  api_group=$group
}

# target_group NAME PORT HEALTH_PATH: leaves the ARN in $target_group.
target_group() {
  target_group=$(aws_but TargetGroupNotFound elbv2 describe-target-groups --names "$1" \
    --query 'TargetGroups[0].TargetGroupArn')
  if ! known "$target_group"; then
    target_group=$(aws elbv2 create-target-group --name "$1" --protocol HTTP --port "$2" --target-type ip \
      --vpc-id "$vpc" --health-check-path "$3" --health-check-interval-seconds 5 --health-check-timeout-seconds 2 \
      --healthy-threshold-count 2 --unhealthy-threshold-count 2 --query 'TargetGroups[0].TargetGroupArn')
  fi
  aws elbv2 modify-target-group-attributes --target-group-arn "$target_group" \
    --attributes Key=deregistration_delay.timeout_seconds,Value=30 >/dev/null
}

make_load_balancer() {
  local found listener rule
  found=$(aws_but LoadBalancerNotFound elbv2 describe-load-balancers --names techplay \
    --query 'LoadBalancers[0].[LoadBalancerArn,DNSName]')
  if ! known "$found"; then
    found=$(aws elbv2 create-load-balancer --name techplay --type application --scheme internet-facing \
      --subnets "${subnets[@]}" --security-groups "$lb_group" --query 'LoadBalancers[0].[LoadBalancerArn,DNSName]')
  fi
  read -r balancer dns <<<"$found"

  target_group techplay-front 3000 /healthz
  front_targets=$target_group
  target_group techplay-api 80 /api/health
  api_targets=$target_group

  listener=$(aws elbv2 describe-listeners --load-balancer-arn "$balancer" \
    --query "Listeners[?Port==\`$port\`].ListenerArn")
  if ! known "$listener"; then
    listener=$(aws elbv2 create-listener --load-balancer-arn "$balancer" --protocol HTTP --port "$port" \
      --default-actions "Type=forward,TargetGroupArn=$front_targets" --query 'Listeners[0].ListenerArn')
  fi
  rule=$(aws elbv2 describe-rules --listener-arn "$listener" --query "Rules[?Priority=='10'].RuleArn")
  if ! known "$rule"; then
    aws elbv2 create-rule --listener-arn "$listener" --priority 10 --conditions 'Field=path-pattern,Values=/api/*' \
      --actions "Type=forward,TargetGroupArn=$api_targets" >/dev/null
  fi
}

make_cluster() {
  local log_group
  aws ecs create-cluster --cluster-name techplay --capacity-providers FARGATE FARGATE_SPOT >/dev/null
  for log_group in /ecs/techplay/front /ecs/techplay/api /aws/events/techplay; do
    aws_but ResourceAlreadyExistsException logs create-log-group --log-group-name "$log_group" >/dev/null
  done
}

# What every container definition of a service says; the careless team leaves stopTimeout at its default of 30 s.
common_members() {
  cat <<END
      "essential": true,
      $([ "$variant" = careless ] || echo '"stopTimeout": 120,')
      "logConfiguration": {
        "logDriver": "awslogs",
        "options": {
          "awslogs-group": "/ecs/techplay/$1",
          "awslogs-region": "$region",
          "awslogs-stream-prefix": "$variant"
        }
      }
END
}

# task_definition FAMILY: reads the container definitions, prints the ARN of the new revision.
task_definition() {
  cat >"$tmp/task.json" <<END
{
  "family": "techplay-$1",
  "networkMode": "awsvpc",
  "requiresCompatibilities": ["FARGATE"],
  "cpu": "256",
  "memory": "512",
  "executionRoleArn": "arn:aws:iam::$account:role/ecsTaskExecutionRole",
  "containerDefinitions": [$(cat)]
}
END
  aws ecs register-task-definition --cli-input-json "file://$tmp/task.json" \
    --query taskDefinition.taskDefinitionArn
}

front_containers() {
  cat <<END
    {
      "name": "front",
      "image": "techplay-front:$variant",
      "portMappings": [{"containerPort": 3000, "protocol": "tcp"}],
      "environment": [{"name": "API_URL", "value": "http://$dns:$port"}],
$(common_members front)
    }
END
}

# nginx depends on php, so it starts after php and stops before it: php answers until nginx has no request left.
api_containers() {
  cat <<END
    {
      "name": "nginx",
      "image": "techplay-nginx:$variant",
      "portMappings": [{"containerPort": 80, "protocol": "tcp"}],
      $([ "$variant" = careless ] || echo '"dependsOn": [{"containerName": "php", "condition": "START"}],')
$(common_members api)
    },
    {
      "name": "php",
      "image": "techplay-php:$variant",
$(common_members api)
    }
END
}

# service NAME TASK_DEFINITION TARGET_GROUP CONTAINER CONTAINER_PORT SECURITY_GROUP
service() {
  if [[ " $services " == *" $1 "* ]]; then
    aws ecs update-service --cluster techplay --service "$1" --task-definition "$2" --desired-count "$tasks" >/dev/null
    return
  fi
  cat >"$tmp/service.json" <<END
{
  "cluster": "techplay",
  "serviceName": "$1",
  "taskDefinition": "$2",
  "desiredCount": $tasks,
  "capacityProviderStrategy": [
    {"capacityProvider": "FARGATE", "base": 2, "weight": 0},
    {"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 1}
  ],
  "deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 200},
  "healthCheckGracePeriodSeconds": 60,
  "loadBalancers": [{"targetGroupArn": "$3", "containerName": "$4", "containerPort": $5}],
  "networkConfiguration": {
    "awsvpcConfiguration": {
      "subnets": [$(json_list "${subnets[@]}")],
      "securityGroups": ["$6"],
      "assignPublicIp": "ENABLED"
    }
  }
}
END
  aws ecs create-service --cli-input-json "file://$tmp/service.json" >/dev/null
}

make_services() {
  local api front services
  api=$(api_containers | task_definition api)
  front=$(front_containers | task_definition front)
  services=$(aws ecs describe-services --cluster techplay --services api front \
    --query "services[?status=='ACTIVE'].serviceName" | tr '\t\n' '  ')
  service api "$api" "$api_targets" nginx 80 "$api_group"
  service front "$front" "$front_targets" front 3000 "$front_group"
}

# Every task that Spot takes away leaves a message in the queue and a line in the log group. (On AWS the log group needs a
# resource policy besides: aws logs put-resource-policy.)
make_spot_events() {
  local rule queue=arn:aws:sqs:$region:$account:techplay-spot-events
  cat >"$tmp/pattern.json" <<END
{
  "source": ["aws.ecs"],
  "detail-type": ["ECS Task State Change"],
  "detail": {
    "clusterArn": ["arn:aws:ecs:$region:$account:cluster/techplay"],
    "stopCode": ["SpotInterruption"]
  }
}
END
  rule=$(aws events put-rule --name techplay-spot --event-pattern "file://$tmp/pattern.json" --query RuleArn)
  cat >"$tmp/queue.json" <<END
{"Policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"events.amazonaws.com\"},\"Action\":\"sqs:SendMessage\",\"Resource\":\"$queue\",\"Condition\":{\"ArnEquals\":{\"aws:SourceArn\":\"$rule\"}}}]}"}
END
  aws sqs create-queue --queue-name techplay-spot-events --attributes "file://$tmp/queue.json" >/dev/null
  aws events put-targets --rule techplay-spot --targets "Id=queue,Arn=$queue" \
    "Id=log,Arn=arn:aws:logs:$region:$account:log-group:/aws/events/techplay" >/dev/null
}

account=$(aws sts get-caller-identity --query Account)
say "the $variant variant, account $account, $region"
find_network
make_security_groups
make_cluster
make_load_balancer
say "load balancer $dns"
make_services
make_spot_events
say "waiting until the services are stable"
aws ecs wait services-stable --cluster techplay --services api front
echo "front  http://$dns:$port/"
echo "api    http://$dns:$port/api/hello"
